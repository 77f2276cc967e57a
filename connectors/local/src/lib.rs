//! Local files and folders.
//!
//! A target is a path, a glob or a `file://` address; resources are paths relative to the target's folder, with `/`
//! on every platform. Reading is `locard-files`; here is only where files are.

mod folder;
mod settings;
mod target;

pub use folder::Folder;
pub use settings::Settings;

use locard_connector::{Kind, Result, Source, Target};
use locard_files::Files;

/// The connector for local files.
#[derive(Debug)]
pub struct Local;

impl Kind for Local {
    const NAME: &'static str = "local";
    const HOLDS_FILES: bool = true;
    const OWN_STATE_SETTING: Option<&'static str> = Some("own");
    type Settings = Settings;

    fn target(text: &str) -> Option<Result<Target>> {
        target::parse(text)
    }

    fn base(settings: Settings) -> Option<String> {
        Folder::new(settings).ok()?.base()
    }

    async fn open(settings: Settings) -> Result<impl Source> {
        Ok(Files::new(Folder::new(settings)?))
    }
}
