//! Findings in pages, in the order in which they were recorded, and after them what only people say: however many there
//! are, no more than a page is held.

use std::fmt;

use locard_model::{ColumnId, Identifier};
use locard_store::{Decision, FindingRecord, Page, Review};
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::findings::{Reviews, Wanted, confirmed, reviews, row};
use crate::{FindingFilter, FindingRow, Home, Result};

/// Findings that are counted exactly; of more it is told that there are at least so many.
pub const COUNTED: u64 = 10_000;

/// Records that are fetched at a time.
const FETCHED: u32 = 1_000;

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindingCursor {
    /// At this recorded finding.
    Found(Uuid),
    /// At what somebody said of a column.
    Said(ColumnId, Identifier),
}

impl FindingCursor {
    /// As [`fmt::Display`] writes it.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('.') {
            None => text.parse().ok().map(Self::Found),
            Some((column, identifier)) => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let is_name = identifier.len() <= 200 && identifier.chars().all(is_name);
                let column = column.parse().ok().filter(|_| is_name)?;
                Some(Self::Said(column, Identifier::new(identifier)))
            }
        }
    }
}

impl fmt::Display for FindingCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(id) => write!(f, "{id}"),
            Self::Said(column, identifier) => write!(f, "{column}.{identifier}"),
        }
    }
}

/// Some findings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FindingPage {
    /// Them.
    pub rows: Vec<FindingRow>,
    /// Where to go on; `None` at the end.
    pub next: Option<FindingCursor>,
    /// How many there are in all, at most [`COUNTED`], where that was asked for.
    pub total: Option<u64>,
}

/// So many findings after that place; `count`: tells how many there are from there.
pub async fn finding_page(
    home: &Home,
    filter: &FindingFilter,
    after: Option<&FindingCursor>,
    (limit, count): (usize, bool),
) -> Result<FindingPage> {
    let mut pager = Pager::begin(home, filter, (limit, count)).await?;
    if !matches!(after, Some(FindingCursor::Said(..))) {
        pager.found(after).await?;
    }
    if !pager.is_done() {
        pager.said(after).await?;
    }
    Ok(FindingPage {
        total: count.then_some(pager.counted),
        next: pager.next,
        rows: pager.rows,
    })
}

struct Pager<'a> {
    home: &'a Home,
    catalog: Catalog<'a>,
    asked: locard_store::FindingFilter,
    resource: Option<Wanted>,
    with_rejected: bool,
    reviews: Reviews,
    limit: usize,
    count: bool,
    rows: Vec<FindingRow>,
    counted: u64,
    last: Option<FindingCursor>,
    next: Option<FindingCursor>,
}

impl<'a> Pager<'a> {
    async fn begin(
        home: &'a Home,
        filter: &FindingFilter,
        (limit, count): (usize, bool),
    ) -> Result<Self> {
        let catalog = Catalog::open(home).await?;
        Ok(Self {
            asked: filter.asked(&catalog)?,
            resource: filter.resource.as_deref().map(Wanted::parse).transpose()?,
            with_rejected: filter.with_rejected,
            reviews: reviews(home).await?,
            home,
            catalog,
            limit,
            count,
            rows: Vec::new(),
            counted: 0,
            last: None,
            next: None,
        })
    }

    /// Whether nothing more has to be looked at.
    fn is_done(&self) -> bool {
        let full = self.next.is_some();
        full && (!self.count || self.counted >= COUNTED)
    }

    /// Takes or counts one that is wanted.
    fn take(&mut self, row: Option<FindingRow>, at: FindingCursor) {
        self.counted = (self.counted + 1).min(COUNTED);
        match row {
            Some(row) => {
                self.rows.push(row);
                self.last = Some(at);
            }
            // There is one more than the page holds.
            None => self.next = self.next.take().or_else(|| self.last.clone()),
        }
    }

    fn has_room(&self) -> bool {
        self.rows.len() < self.limit
    }

    async fn found(&mut self, after: Option<&FindingCursor>) -> Result<()> {
        let mut page = Page::first(FETCHED);
        if let Some(FindingCursor::Found(id)) = after {
            page.after = Some(*id);
        }
        loop {
            let (home, asked) = (self.home, &self.asked);
            let found = home.store.findings(home.org, asked, page).await?;
            for record in found.items {
                if self.is_done() {
                    return Ok(());
                }
                if !self.is_wanted(&record).await? {
                    continue;
                }
                let at = FindingCursor::Found(record.id.0);
                let shown = if self.has_room() {
                    let (catalog, reviews) = (&mut self.catalog, &self.reviews);
                    Some(row(home, catalog, record, reviews).await?)
                } else {
                    None
                };
                self.take(shown, at);
            }
            let Some(after) = found.next else {
                return Ok(());
            };
            page.after = Some(after);
        }
    }

    async fn is_wanted(&mut self, record: &FindingRecord) -> Result<bool> {
        if !self.with_rejected && record.decision == Some(Decision::Rejected) {
            return Ok(false);
        }
        match &self.resource {
            None => Ok(true),
            Some(wanted) => {
                let resource = self.catalog.resource(record.finding.entity).await?;
                Ok(wanted.admits(&resource))
            }
        }
    }

    /// What is a finding only because somebody says so.
    async fn said(&mut self, after: Option<&FindingCursor>) -> Result<()> {
        let confirmed = self.reviews.values();
        let confirmed = confirmed.filter(|review| review.decision == Decision::Confirmed);
        let mut confirmed: Vec<Review> = confirmed.cloned().collect();
        confirmed.sort_by(|a, b| (a.column, &a.identifier).cmp(&(b.column, &b.identifier)));
        if let Some(FindingCursor::Said(column, identifier)) = after {
            confirmed.retain(|it| (it.column, &it.identifier) > (*column, identifier));
        }
        for review in confirmed {
            if self.is_done() {
                return Ok(());
            }
            let shown = self.only_said(&review).await?;
            let wanted = |row: &FindingRow| {
                let resource = self.resource.as_ref();
                resource.is_none_or(|wanted| wanted.admits(&row.resource))
            };
            let Some(shown) = shown.filter(wanted) else {
                continue;
            };
            let at = FindingCursor::Said(review.column, review.identifier);
            let shown = Some(shown).filter(|_| self.has_room());
            self.take(shown, at);
        }
        Ok(())
    }

    /// The finding that a decision is, where no rule saw it.
    async fn only_said(&mut self, review: &Review) -> Result<Option<FindingRow>> {
        let recorded = locard_store::FindingFilter {
            column: Some(review.column),
            identifier: Some(review.identifier.clone()),
            ..self.asked.clone()
        };
        let home = self.home;
        let recorded = home.store.findings(home.org, &recorded, Page::first(1));
        if !recorded.await?.items.is_empty() {
            return Ok(None);
        }
        let (one, none) = (std::iter::once(review), std::collections::HashSet::new());
        let rows = confirmed::rows(home, &mut self.catalog, &self.asked, one, &none).await?;
        Ok(rows.into_iter().next().map(|(_, row)| row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FindingRef, decide, findings, testing};

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let id = Uuid::from_u128(7);
        for cursor in [
            FindingCursor::Found(id),
            FindingCursor::Said(ColumnId(id), Identifier::new("EMAIL_ADDRESS")),
        ] {
            assert_eq!(FindingCursor::parse(&cursor.to_string()), Some(cursor));
        }
        for text in ["", "x", "x.AGE", &format!("{id}.a b"), &format!("{id}.a.b")] {
            assert_eq!(FindingCursor::parse(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn pages_hold_every_finding_once_and_the_first_tells_how_many() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        for file in 0..5 {
            let rows = "id,email,note\n1,anna@planted.example,x\n2,bert@planted.example,y\n";
            std::fs::write(data.join(format!("f{file}.csv")), rows).unwrap();
        }
        let (home, actor) = (testing::home(folder.path()).await, crate::Actor::default());
        testing::scan(&home, &data).await;
        let said = FindingRef {
            entity: "f3.csv".to_owned(),
            column: "note".to_owned(),
            identifier: Some(Identifier::new("PERSON")),
        };
        let decided = decide(&home, &actor, &said, Decision::Confirmed, None);
        decided.await.unwrap();
        let rejected = FindingRef {
            entity: "f1.csv".to_owned(),
            column: "email".to_owned(),
            identifier: None,
        };
        let decided = decide(&home, &actor, &rejected, Decision::Rejected, None);
        decided.await.unwrap();
        let filter = FindingFilter::default();
        let all = findings(&home, &filter).await.unwrap();
        for limit in [1, 2, 3, 100] {
            let (mut rows, mut after) = (Vec::new(), None);
            loop {
                let page = finding_page(&home, &filter, after.as_ref(), (limit, after.is_none()));
                let page = page.await.unwrap();
                assert!(page.rows.len() <= limit);
                if after.is_none() {
                    assert_eq!(page.total, Some(all.len() as u64));
                }
                rows.extend(page.rows);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let place = |row: &FindingRow| (row.resource.clone(), row.column.clone());
            rows.sort_by_key(place);
            let mut expected = all.clone();
            expected.sort_by_key(place);
            assert_eq!(rows, expected, "in pages of {limit}");
        }
        assert!(all.iter().any(FindingRow::is_only_confirmed));
    }
}
