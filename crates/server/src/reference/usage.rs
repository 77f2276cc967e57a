//! `POST jobs/execute/usage-statistics`.

use jiff::civil::Date;
use locard_app::{Errand, UsageQuestion};

use crate::fault::Fault;
use crate::fields::Fields;
use crate::reference::errands::Asked;

/// Asks how entities are used, and what happened on some days.
pub(crate) fn usage(fields: &mut Fields) -> Result<Asked, Fault> {
    let scope = fields.some("scope")?;
    let mut configs = fields.object("configs")?;
    let from = configs.text("startDate")?;
    let to = configs.text("endDate")?;
    let from = date("configs.startDate", from.as_deref())?;
    let to = date("configs.endDate", to.as_deref())?;
    in_order("configs.endDate", from, to)?;
    let mut warnings = fields.unheeded(&[]);
    warnings.extend(configs.unheeded(&[]));
    Ok(Asked {
        errand: Errand::Usage(UsageQuestion { scope, from, to }),
        label: "USAGE_STATISTICS",
        warnings,
    })
}

/// A day, also where a time of day stands behind it.
pub(crate) fn date(name: &str, text: Option<&str>) -> Result<Option<Date>, Fault> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let day = text.split(['T', ' ']).next().unwrap_or_default();
    let date = day.parse().map(Some);
    date.map_err(|_| Fault::field(name, "a day such as 2026-03-31 is wanted"))
}

/// Refuses a range that ends before it begins.
pub(crate) fn in_order(name: &str, from: Option<Date>, to: Option<Date>) -> Result<(), Fault> {
    match from.zip(to) {
        Some((from, to)) if to < from => Err(Fault::field(name, "it is before the first day")),
        _ => Ok(()),
    }
}
