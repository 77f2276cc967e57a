//! What `locard find` answers, for people; for programs it is beside this.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use locard_app::{Copies, Failure, FindOptions, FindReport, Hit, NotSearched, Twins};
use locard_model::{Identifier, Spelling, Strength, Subject};
use owo_colors::Style;

use super::{hints, print_failures};
use crate::args::ListFormat;
use crate::printer::{Output, printable};
use crate::table::{Cell, Table, counted};

/// What was asked, and what came back.
pub(crate) struct Answer<'a> {
    pub(crate) report: &'a FindReport,
    pub(crate) options: &'a FindOptions,
    /// Weak matches of each subject that an option left out.
    pub(crate) weak: &'a BTreeMap<String, u64>,
}

/// How many weak matches are not shown, and why.
pub(crate) fn left_out(weak: u64) -> String {
    let matches = counted(weak, "weak match", "weak matches");
    format!("{matches} left out by --no-weak")
}

/// That what two sources hold is told of one of them.
pub(crate) fn told_once(twins: &Twins) -> String {
    let (are, each) = if twins.entities == 1 {
        ("is", "it is")
    } else {
        ("are", "each is")
    };
    format!(
        "{} of {} {are} the same as in {}: {each} told once",
        counted(twins.entities, "entity", "entities"),
        printable(&twins.source),
        printable(&twins.asked)
    )
}

/// That some places hold the same; of very many some do.
pub(crate) fn told_copies(copies: &[Copies]) -> Vec<String> {
    const SHOWN: usize = 10;
    let place = |(source, resource): &(String, String)| {
        format!("{} ({})", printable(resource), printable(source))
    };
    let line = |copies: &Copies| {
        let mut places: Vec<String> = copies.places.iter().take(SHOWN).map(place).collect();
        if copies.places.len() > SHOWN {
            places.push(format!("{} more", copies.places.len() - SHOWN));
        }
        format!("the same content: {}", places.join(", "))
    };
    let mut lines: Vec<String> = copies.iter().take(SHOWN).map(line).collect();
    if copies.len() > SHOWN {
        let more = (copies.len() - SHOWN) as u64;
        let more = counted(more, "more group of copies", "more groups of copies");
        lines.push(format!("and {more}; `locard duplicates` lists all"));
    }
    lines
}

/// Why there is no place of a person: not every reason means that the person is in none.
#[derive(Clone, Copy)]
pub(super) enum Absence {
    NothingToAsk,
    NothingScanned,
    NoStrongMatch,
    NotFound,
    Nowhere,
}

impl Absence {
    /// For people.
    const fn sentence(self) -> &'static str {
        match self {
            Self::NothingToAsk => "not looked for: nothing that is known can be asked",
            Self::NothingScanned => "not looked for: nothing was scanned yet",
            Self::NoStrongMatch => "no strong match",
            Self::NotFound => "not found, but not everything was searched",
            Self::Nowhere => "nowhere",
        }
    }

    /// For scripts.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::NothingToAsk | Self::NothingScanned => "not-looked-for",
            Self::NoStrongMatch => "no-strong-match",
            Self::NotFound => "not-found-with-gaps",
            Self::Nowhere => "nowhere",
        }
    }
}

impl Answer<'_> {
    pub(crate) fn print(&self, mut output: Output, format: ListFormat) -> Result<()> {
        match format {
            ListFormat::Table => self.table(&mut output)?,
            ListFormat::Ndjson => self.lines(&mut output)?,
            ListFormat::Json => output.document(&self.document())?,
            ListFormat::Csv => self.csv(&mut output)?,
        }
        Ok(output.finish()?)
    }

    fn table(&self, output: &mut Output) -> Result<()> {
        for subject in &self.options.subjects {
            self.subject(output, subject)?;
        }
        let report = self.report;
        let asked = format!(
            "{} asked, {}",
            counted(report.columns, "column", "columns"),
            counted(report.candidates, "candidate", "candidates")
        );
        let asked = output.style(Style::new().dimmed(), &asked);
        output.line(&asked)?;
        for line in self.as_of() {
            output.wrapped(0, &line)?;
        }
        for twins in &report.twins {
            output.wrapped(0, &told_once(twins))?;
        }
        if !self.options.verify && !report.hits.is_empty() {
            output.wrapped(0, "hint: --verify reads these columns and names the rows")?;
        }
        gaps(output, &report.not_searched, report.sources > 1)?;
        let (told, untold) = self.failures();
        print_failures(output, &untold)?;
        let hints: BTreeSet<&str> = told
            .iter()
            .filter_map(|failure| failure.hint.as_deref())
            .collect();
        hints::told(hints)
            .into_iter()
            .try_for_each(|hint| Ok(output.line(&format!("hint: {}", printable(&hint)))?))
    }

    /// Of when the answer is, where that matters: a scan is long ago, or nobody asked the sources what came since and
    /// somebody is nowhere.
    pub(crate) fn as_of(&self) -> Vec<String> {
        const MOST: usize = 3;
        let is_found = |subject: &Subject| {
            let mut hits = self.report.hits.iter();
            hits.any(|hit| hit.subject == subject.id)
        };
        let nowhere = !self.options.verify && !self.options.subjects.iter().all(is_found);
        let scans = self.report.last_scans.iter();
        let told: Vec<_> = scans.filter(|scan| nowhere || scan.is_old).collect();
        let oldest = told.iter().map(|scan| scan.at.as_str()).min();
        let mut lines: Vec<String> = match oldest {
            Some(oldest) if told.len() > MOST => vec![format!(
                "as of the last scans of {} sources, the first of {oldest}",
                told.len()
            )],
            _ => told
                .iter()
                .map(|scan| {
                    format!(
                        "as of {}, the last scan of {}",
                        scan.at,
                        printable(&scan.source)
                    )
                })
                .collect(),
        };
        if !lines.is_empty() && !self.options.verify {
            lines.push("hint: --verify also tells what changed since".to_owned());
        }
        lines
    }

    /// The failures that were told with what could not be checked, and the others.
    fn failures(&self) -> (Vec<Failure>, Vec<Failure>) {
        let hits = self.report.hits.iter();
        let unchecked: BTreeSet<(&str, &str)> = hits
            .filter(|hit| hit.unchecked.is_some())
            .map(|hit| (hit.source.as_str(), hit.resource.as_str()))
            .collect();
        let is_told = |failure: &Failure| {
            let resource = failure.resource.as_deref().unwrap_or_default();
            unchecked.contains(&(failure.source_name.as_str(), resource))
        };
        let failures = self.report.failures.iter().cloned();
        failures.partition(is_told)
    }

    fn subject(&self, output: &mut Output, subject: &Subject) -> Result<()> {
        let hits = self.report.hits.iter();
        let hits = hits.filter(|hit| hit.subject == subject.id);
        let (unchecked, places): (Vec<&Hit>, Vec<&Hit>) =
            hits.partition(|hit| hit.unchecked.is_some());
        let name = output.style(Style::new().bold(), &printable(&subject.id));
        let sentence = self.sentence(subject, places.len() as u64, unchecked.len() as u64);
        output.line(&format!("{name}: {sentence}"))?;
        self.places(output, 2, &places)?;
        if !unchecked.is_empty() {
            let heading = output.style(Style::new().red().bold(), "could not be checked");
            output.line(&format!("  {heading}"))?;
            self.unchecked(output, &unchecked)?;
        }
        Ok(output.line("")?)
    }

    /// What could not be read, with why, and the columns that it has.
    fn unchecked(&self, output: &mut Output, hits: &[&Hit]) -> Result<()> {
        let several = self.report.sources > 1;
        for (source, hits) in by_source(hits, |hit| &hit.source) {
            let indent = in_source(output, 4, several, source)?;
            for hits in hits.chunk_by(|a, b| a.resource == b.resource) {
                let why = hits[0].unchecked.as_deref().unwrap_or_default();
                let line = format!("{}: {why}", hits[0].resource);
                output.wrapped(indent, &printable(&line))?;
                hits_table(indent + 2, hits, false).print(output)?;
            }
        }
        Ok(())
    }

    /// Where the subject is, in a sentence.
    fn sentence(&self, subject: &Subject, places: u64, unchecked: u64) -> String {
        let found = match places {
            0 => None,
            n if self.options.verify => Some(format!("is in {}", counted(n, "place", "places"))),
            n => Some(format!("may be in {}", counted(n, "column", "columns"))),
        };
        let unchecked = match (unchecked, &found) {
            (0, _) => None,
            (n, None) => Some(format!(
                "may be in {} that could not be checked",
                counted(n, "column", "columns")
            )),
            (n, Some(_)) => Some(format!(
                "{} could not be checked",
                counted(n, "more column", "more columns")
            )),
        };
        let weak = self.weak.get(&subject.id).copied().unwrap_or(0);
        let mut parts: Vec<String> = found.into_iter().chain(unchecked).collect();
        if parts.is_empty() {
            parts.push(self.absence(subject, weak).sentence().to_owned());
        }
        parts.extend((weak > 0).then(|| left_out(weak)));
        parts.join("; ")
    }

    /// Why there is no place to tell.
    pub(super) fn absence(&self, subject: &Subject, weak: u64) -> Absence {
        let report = self.report;
        if report.asks_nothing(subject) {
            Absence::NothingToAsk
        } else if !report.scanned && report.columns == 0 {
            Absence::NothingScanned
        } else if weak > 0 {
            Absence::NoStrongMatch
        } else if report.has_gaps() {
            Absence::NotFound
        } else {
            Absence::Nowhere
        }
    }

    /// Places under the source they are in, where there are several.
    fn places(&self, output: &mut Output, indent: usize, hits: &[&Hit]) -> Result<()> {
        let several = self.report.sources > 1;
        for (source, hits) in by_source(hits, |hit| &hit.source) {
            let indent = in_source(output, indent, several, source)?;
            hits_table(indent, &hits, true).print(output)?;
        }
        Ok(())
    }
}

/// What was not searched: an answer is only worth what it says about its limits.
pub(super) fn gaps(output: &mut Output, gaps: &[NotSearched], several: bool) -> Result<()> {
    if gaps.is_empty() {
        return Ok(());
    }
    output.line("")?;
    let heading = output.style(Style::new().yellow().bold(), "not searched");
    output.line(&heading)?;
    let items: Vec<&NotSearched> = gaps.iter().collect();
    let (within, whole): (Vec<_>, Vec<_>) =
        items.into_iter().partition(|item| item.resource.is_some());
    gaps_table(2, &whole).print(output)?;
    for (source, items) in by_source(&within, |item| &item.source) {
        let indent = in_source(output, 2, several, source)?;
        gaps_table(indent, &items).print(output)?;
    }
    Ok(())
}

/// Names a source where there are several; answers how far to the right what is in it stands.
fn in_source(output: &mut Output, indent: usize, several: bool, source: &str) -> Result<usize> {
    if !several {
        return Ok(indent);
    }
    output.wrapped(indent, &format!("in {}", printable(source)))?;
    Ok(indent + 2)
}

fn by_source<'a, T>(
    items: &[&'a T],
    source: impl Fn(&'a T) -> &'a str,
) -> BTreeMap<&'a str, Vec<&'a T>> {
    let mut groups: BTreeMap<&str, Vec<&T>> = BTreeMap::new();
    for item in items {
        groups.entry(source(item)).or_default().push(item);
    }
    groups
}

fn hits_table(indent: usize, hits: &[&Hit], with_resource: bool) -> Table {
    let mut table = Table::indented(indent);
    for hit in hits {
        let strength = match hit.strength {
            Strength::Strong => Style::new().green().bold(),
            Strength::Weak => Style::new().yellow(),
        };
        let row = hit.row.as_ref().map(ToString::to_string);
        let resource = Cell::new(&hit.resource).styled(Style::new().bold());
        let mut cells = Vec::from_iter(with_resource.then_some(resource));
        cells.extend([
            Cell::new(hit.path.as_ref().unwrap_or(&hit.column)),
            Cell::whole(row.unwrap_or_default()),
            Cell::new(hit.strength.as_str()).styled(strength),
            Cell::new(why(hit)).styled(Style::new().dimmed()),
        ]);
        table.row(cells);
    }
    table
}

/// So many resources of a source that are not searched for the same reason are told together, and so many of them named.
const ALIKE: usize = 5;
const NAMED: usize = 3;

/// How many resources these are, and the first of them.
fn together(resources: &[&str]) -> String {
    let named = resources.iter().take(NAMED).copied().collect::<Vec<_>>();
    format!(
        "{}: {} and {} more",
        counted(resources.len() as u64, "resource", "resources"),
        named.join(", "),
        resources.len().saturating_sub(NAMED)
    )
}

fn gaps_table(indent: usize, items: &[&NotSearched]) -> Table {
    let mut table = Table::indented(indent);
    let alike = |item: &NotSearched| {
        let is_shared = item.resource.is_some() && item.column.is_none();
        is_shared.then(|| (item.source.clone(), item.sentence.clone()))
    };
    let mut groups: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for item in items {
        if let Some(key) = alike(item) {
            groups
                .entry(key)
                .or_default()
                .extend(item.resource.as_deref());
        }
    }
    for item in items {
        let key = alike(item).filter(|key| groups.get(key).is_none_or(|of| of.len() >= ALIKE));
        if let Some(key) = key {
            // Told with the first of them.
            if let Some(resources) = groups.remove(&key) {
                let place = together(&resources);
                table.row(vec![Cell::new(&place), Cell::new(&item.sentence)]);
            }
            continue;
        }
        let place = [item.resource.as_deref(), item.column.as_deref()];
        let place = place.into_iter().flatten().collect::<Vec<_>>().join(":");
        let place = if place.is_empty() {
            &item.source
        } else {
            &place
        };
        table.row(vec![Cell::new(place), Cell::new(&item.sentence)]);
    }
    table
}

/// What of the person agreed, how it is spelled where that is otherwise, and where the key comes from that a row carries.
fn why(hit: &Hit) -> String {
    let agreed = names(hit).join(", ");
    let from = hit.reached.last().map(|step| {
        let (resource, columns) = &step.from;
        format!("by {resource}:{}", columns.join(","))
    });
    let spelled = hit.spelling.and_then(Spelling::told).map(str::to_owned);
    let parts = [Some(agreed).filter(|text| !text.is_empty()), spelled, from];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

pub(super) fn names(hit: &Hit) -> Vec<&str> {
    hit.identifiers.iter().map(Identifier::as_str).collect()
}
