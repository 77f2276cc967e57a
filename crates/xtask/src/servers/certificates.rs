//! Certificates for the servers of tests.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::process::output;

/// An authority and a server certificate for `localhost`, not for the address, so that both answers can be tested.
pub(super) fn certificates(folder: &Path) -> Result<()> {
    let openssl = |args: &str| {
        let mut command = Command::new("openssl");
        command.current_dir(folder).args(args.split(' '));
        output(&mut command)
    };
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n")?;
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=locard-tests -keyout authority.key -out authority.crt",
    )?;
    openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr")?;
    openssl(
        "x509 -req -in server.csr -CA authority.crt -CAkey authority.key -CAcreateserial -days 30 -extfile names -out server.crt",
    )?;
    Ok(())
}
