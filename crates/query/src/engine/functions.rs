//! The functions that a statement may call, taken out of those that the engine has.

use datafusion::execution::SessionStateDefaults as Defaults;
use datafusion::execution::session_state::SessionStateBuilder;

use crate::allowed::{AGGREGATES, SCALARS, WINDOWS};

/// Gives an engine these functions, and no others.
pub(super) fn allowed(builder: SessionStateBuilder) -> SessionStateBuilder {
    let is = |list: &[&str], name: &str, aliases: &[String]| {
        list.contains(&name) || aliases.iter().any(|alias| list.contains(&alias.as_str()))
    };
    let mut scalars = Defaults::default_scalar_functions();
    scalars.retain(|known| is(SCALARS, known.name(), known.aliases()));
    let mut aggregates = Defaults::default_aggregate_functions();
    aggregates.retain(|known| is(AGGREGATES, known.name(), known.aliases()));
    let mut windows = Defaults::default_window_functions();
    windows.retain(|known| is(WINDOWS, known.name(), known.aliases()));
    builder
        .with_expr_planners(Defaults::default_expr_planners())
        .with_scalar_functions(scalars)
        .with_aggregate_functions(aggregates)
        .with_window_functions(windows)
}
