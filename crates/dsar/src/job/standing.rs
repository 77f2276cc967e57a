//! What is in and what is undecided, section by section, as decisions stand.

use locard_app::Result;

use super::decide::{Decisions, Ruling};
use super::gather::{self, KeptRow};
use super::reach::{Place, Reach};
use super::{Collected, SectionInfo, unkept};
use crate::keep::Shelf;

/// The sections, with what is in and what is undecided.
pub(super) fn sections(
    shelf: &Shelf,
    collected: &Collected,
    decisions: &Decisions,
) -> Result<Vec<SectionInfo>> {
    let reach = Reach::of(shelf, collected, decisions)?;
    let mut sections = collected.sections.clone();
    for info in &mut sections {
        let meta = gather::section(shelf, info.number).map_err(unkept)?;
        (info.count, info.total_before_filter, info.undecided) = (0, 0, 0);
        for (row, at) in gather::rows(shelf, info.number).map_err(unkept)?.zip(1..) {
            let row = row.map_err(unkept)?;
            let ruling = decisions.ruling(info.number, at);
            let is_in = reach.place(&row, meta.over.is_empty(), &ruling) == Place::In;
            info.total_before_filter = at;
            info.count += u64::from(is_in);
            info.undecided += u64::from(is_undecided(&row, &ruling));
        }
    }
    Ok(sections)
}

/// How many rows nobody decided about of those about which somebody must.
pub(super) fn undecided(
    shelf: &Shelf,
    collected: &Collected,
    decisions: &Decisions,
) -> Result<u64> {
    let sections = collected.sections.iter();
    let undecided = sections.map(|info| undecided_in(shelf, info, decisions));
    undecided.sum()
}

/// How many of them are in one section.
pub(super) fn undecided_in(
    shelf: &Shelf,
    info: &SectionInfo,
    decisions: &Decisions,
) -> Result<u64> {
    if info.review == 0 {
        return Ok(0);
    }
    let mut undecided = 0;
    for (row, at) in gather::rows(shelf, info.number).map_err(unkept)?.zip(1..) {
        let ruling = decisions.ruling(info.number, at);
        undecided += u64::from(is_undecided(&row.map_err(unkept)?, &ruling));
    }
    Ok(undecided)
}

/// What the period leaves out is out whatever anybody says.
fn is_undecided(row: &KeptRow, ruling: &Ruling<'_>) -> bool {
    row.review.is_some() && !row.outside && ruling.decided().is_none()
}
