//! How a source is spared: how much of it is taken at a time, and in which hours it is scanned.

use std::num::{NonZeroU64, NonZeroUsize};

use locard_app::{Actor, Home, ScanWindow, Sparing, spare_source, sparing};
use locard_model::SourceId;

use crate::fault::Fault;
use crate::fields::Fields;

/// The fields that say so.
pub(crate) const FIELDS: [&str; 3] = ["scanWindow", "maxBytesPerSecond", "readers"];

/// Less than this per second is a slip: a scan would never end.
const LEAST: f64 = 1_000.0;

/// More than anybody means.
const MOST: f64 = 1e15;

/// What a body says of one of them.
enum Said<T> {
    Nothing,
    /// It is null.
    TakenBack,
    New(T),
}

impl<T> Said<T> {
    fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Nothing => before,
            Self::TakenBack => None,
            Self::New(value) => Some(value),
        }
    }

    fn is_something(&self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// What is to change.
pub(crate) struct Changes {
    window: Said<ScanWindow>,
    rate: Said<NonZeroU64>,
    readers: Said<NonZeroUsize>,
}

/// What a body says.
pub(crate) fn changes(fields: &mut Fields) -> Result<Changes, Fault> {
    let wrong = |name: &str, what: String| Fault::field(name, &what);
    let window = given(fields, "scanWindow", |fields| {
        let text = fields.text("scanWindow")?.unwrap_or_default();
        text.parse().map_err(|what| wrong("scanWindow", what))
    })?;
    let rate = given(fields, "maxBytesPerSecond", |fields| {
        let number = fields.number("maxBytesPerSecond")?.unwrap_or_default();
        let rate = (LEAST..=MOST).contains(&number).then_some(number as u64);
        let wanted = || wrong("maxBytesPerSecond", "at least 1000 is wanted".to_owned());
        rate.and_then(NonZeroU64::new).ok_or_else(wanted)
    })?;
    let readers = given(fields, "readers", |fields| {
        let number = fields.number("readers")?.unwrap_or_default();
        let whole = number.fract() == 0.0 && (1.0..=1_000.0).contains(&number);
        let readers = whole.then_some(number as usize).and_then(NonZeroUsize::new);
        let wanted = || {
            wrong(
                "readers",
                "a whole number from 1 to 1000 is wanted".to_owned(),
            )
        };
        readers.ok_or_else(wanted)
    })?;
    Ok(Changes {
        window,
        rate,
        readers,
    })
}

fn given<T>(
    fields: &mut Fields,
    name: &str,
    read: impl FnOnce(&mut Fields) -> Result<T, Fault>,
) -> Result<Said<T>, Fault> {
    if fields.is_given(name) {
        read(fields).map(Said::New)
    } else if fields.is_there(name) {
        Ok(Said::TakenBack)
    } else {
        Ok(Said::Nothing)
    }
}

/// Changes what is said, and leaves the rest.
pub(crate) async fn change(
    home: &Home,
    actor: &Actor,
    id: SourceId,
    changes: Changes,
) -> Result<(), Fault> {
    let Changes {
        window: said,
        rate,
        readers,
    } = changes;
    if !(said.is_something() || rate.is_something() || readers.is_something()) {
        return Ok(());
    }
    let Sparing { mut limits, window } = sparing(home, id).await?;
    limits.bytes_per_second = rate.over(limits.bytes_per_second);
    limits.readers = readers.over(limits.readers);
    let sparing = Sparing {
        limits,
        window: said.over(window),
    };
    Ok(spare_source(home, actor, id, sparing).await?)
}
