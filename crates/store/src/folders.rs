//! Where this platform keeps an application's data and configuration. They are two places: the key is never in the home.

use std::path::PathBuf;

use etcetera::{AppStrategy, AppStrategyArgs, choose_app_strategy};

/// The home of this user: `locard` in the platform's folder for application data; `None` when the user has none.
pub fn default_home() -> Option<PathBuf> {
    strategy().map(|folders| folders.data_dir())
}

/// The configuration folder of this user.
pub(crate) fn configuration() -> Option<PathBuf> {
    strategy().map(|folders| folders.config_dir())
}

fn strategy() -> Option<impl AppStrategy> {
    choose_app_strategy(AppStrategyArgs {
        top_level_domain: "org".to_owned(),
        author: "locard".to_owned(),
        app_name: "locard".to_owned(),
    })
    .ok()
}
