//! `locard dsar verify`.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use locard_bundle::{Bundle, FileState, PublicKey, SignatureState, WholeState};
use locard_dsar::job;

use super::super::{Outcome, Session};
use crate::printer::printable;
use crate::table::counted;

pub(super) async fn run(session: &Session, file: &Path, keys: &[String]) -> Result<Outcome> {
    let mut trusted = vec![job::signing_key(&session.home).await?.public()];
    for key in keys {
        let key: PublicKey = key.parse().context(
            "--key is no public key\nhint: it is base64, as `locard dsar settings` prints it",
        )?;
        trusted.push(key);
    }
    let place = || format!("cannot verify {}", file.display());
    let input = BufReader::new(File::open(file).with_context(place)?);
    let report = match Bundle::open(input).and_then(|mut bundle| bundle.verify(&trusted)) {
        Ok(report) => report,
        Err(error) => bail!("cannot verify {}: {error}", file.display()),
    };
    let mut output = session.printer.output(None)?;
    let signer = &report.manifest.signed_by;
    output.line(match report.signature {
        SignatureState::Good => "signature: good",
        SignatureState::UnknownKey => "signature: good, under a key that is not known here",
        SignatureState::Bad => "signature: bad",
    })?;
    output.line(&format!("key: {}", printable(&signer.key_id)))?;
    output.line(match report.whole {
        WholeState::Intact => "seal: good",
        WholeState::Altered => "seal: bad: the archive is not byte for byte what was sealed",
        WholeState::Unsealed => "seal: none: the files were packed anew",
    })?;
    for damaged in report.damaged() {
        let state = match damaged.state {
            FileState::Altered => "altered",
            FileState::Missing => "missing",
            FileState::Added => "added",
            FileState::Intact => "intact",
        };
        output.line(&format!("{state}: {}", printable(&damaged.path)))?;
    }
    let files = counted(report.files.len() as u64, "file", "files");
    let rows = counted(report.manifest.total_records, "row", "rows");
    let sound = if report.is_sound() {
        "sound"
    } else {
        "not sound"
    };
    output.line(&format!("{sound}: {files}, {rows}"))?;
    output.finish()?;
    if report.signature == SignatureState::UnknownKey {
        session.printer.hint(
            "--key names a key that you know from elsewhere; the one in the bundle proves nothing",
        );
    }
    Ok(if report.is_sound() {
        Outcome::Done
    } else {
        Outcome::Failed
    })
}
