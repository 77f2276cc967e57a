//! `locard backup` and `locard restore`.

use anyhow::Result;
use locard_app::{Home, HomeOptions};

use super::{Outcome, Session};
use crate::args::{Backup, Restore};
use crate::printer::Printer;

pub(crate) async fn backup(session: &Session, args: &Backup) -> Result<Outcome> {
    locard_app::backup(&session.home, &args.file).await?;
    session
        .printer
        .say(format!("wrote {}", args.file.display()));
    session
        .printer
        .hint("it opens only with this installation's master key: keep that somewhere else");
    Ok(Outcome::Done)
}

pub(crate) async fn rotate_key(session: &Session) -> Result<Outcome> {
    let (file, old) = session.home.rotate_key().await?;
    session.printer.say(format!(
        "a new master key is in {}, the old one in {}",
        file.display(),
        old.display()
    ));
    session.printer.hint(
        "keep a copy of the new key elsewhere; the old one still opens backups made before now and other homes that \
         used this file: delete it when there are none",
    );
    Ok(Outcome::Done)
}

/// Restoring makes the home, so it runs before one is opened.
pub(crate) async fn restore(
    printer: Printer,
    options: HomeOptions,
    args: &Restore,
) -> Result<Home, locard_app::Error> {
    let home = locard_app::restore(options, &args.file, args.force).await?;
    printer.say(format!(
        "restored {} into {}",
        args.file.display(),
        home.place()
    ));
    Ok(home)
}
