//! The look-up: from what is known of a person to the places where that person's data is, and what could not be asked.

pub(crate) mod asking;
pub(crate) mod counts;
pub(crate) mod dates;
pub(crate) mod doubts;
pub(crate) mod duplicates;
pub(crate) mod find;
pub(crate) mod fresh;
pub(crate) mod look_ups;
pub(crate) mod names;
pub(crate) mod recall;
pub(crate) mod remembered;
pub(crate) mod rows;
pub(crate) mod short;
pub(crate) mod subjects;
pub(crate) mod suspect;
pub(crate) mod verify;
pub(crate) mod warming;

#[cfg(test)]
mod tests;
