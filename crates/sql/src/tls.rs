//! What is said of encryption: why a handshake failed, and files of certificates that are none.

use locard_connector::{Error, ErrorKind, Result, Step};

/// What rustls says of a certificate, and the same in a sentence; the first that fits decides.
const REASONS: [(&str, &str); 6] = [
    (
        "UnknownIssuer",
        "nobody whom this machine trusts has issued the server's certificate",
    ),
    (
        "CaUsedAsEndEntity",
        "the server's certificate is that of an authority, as programs make them that sign their own; only one that was \
         issued for a server can be checked",
    ),
    (
        "NotValidForName",
        "the server's certificate is for another name",
    ),
    ("Expired", "the server's certificate has expired"),
    ("expired", "the server's certificate has expired"),
    ("NotValidYet", "the server's certificate is not valid yet"),
];

/// Why a handshake failed, as part of a sentence. What rustls says holds no secret.
pub fn tls_reason(reason: &str) -> String {
    let known = REASONS.iter().find(|(sign, _)| reason.contains(sign));
    if let Some((_, sentence)) = known {
        return (*sentence).to_owned();
    }
    if let Some((_, names)) = reason.split_once("not valid for name ") {
        return format!("the server's certificate is not for the name {names}");
    }
    let mut letters = reason.trim().trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// The error of a handshake that failed, where targets say `sslmode`. What the driver says holds no secret.
pub fn no_tls(reason: &str) -> Error {
    let hint = if reason.contains("does not support TLS") {
        "the server speaks no TLS; `sslmode=disable` connects without encryption"
    } else {
        "see `sslmode` and `sslrootcert` of the target"
    };
    let sentence = format!("negotiating TLS failed: {}", tls_reason(reason));
    Error::new(ErrorKind::Unreachable, sentence)
        .hint(hint)
        .at(Step::Tls)
        .retryable(false)
}

/// The error of a server that wants a password where none was given; `variable` is where one may stand in the environment.
pub fn no_password(doing: &str, variable: &str) -> Error {
    let sentence = format!("{doing}: the server wants a password, and none was given");
    Error::new(ErrorKind::Unauthenticated, sentence).hint(format!(
        "set {variable}, or register the source with `locard sources add NAME TARGET --secret password=env:VARIABLE`, \
         where it may also be file:PATH or exec:COMMAND"
    ))
}

/// Files of certificates and keys are smaller than this.
const LONGEST: u64 = 1 << 20;

/// Refuses what is named for encryption and is no file of PEM certificates or keys: drivers tell of it as of a server that is
/// away. Takes the files of the authorities, of the client's certificate and of its key.
///
/// # Errors
/// One cannot be read, or holds nothing of that kind; the sentence names the option and the file.
pub fn pem_files(root: Option<&str>, certificate: Option<&str>, key: Option<&str>) -> Result<()> {
    let kinds = [
        ("sslrootcert", root, "CERTIFICATE"),
        ("sslcert", certificate, "CERTIFICATE"),
        ("sslkey", key, "PRIVATE KEY"),
    ];
    for (option, file, kind) in kinds {
        if let Some(path) = file {
            pem_file(option, path, kind)?;
        }
    }
    Ok(())
}

fn pem_file(option: &str, path: &str, kind: &str) -> Result<()> {
    let refused = |why: String| {
        Error::new(ErrorKind::Settings, format!("{option} names {path}, {why}"))
            .hint("name a PEM file, which has lines like -----BEGIN CERTIFICATE-----")
    };
    let unread = |error: std::io::Error| refused(format!("which cannot be read: {}", error.kind()));
    // A pipe may never end, nor a device.
    let metadata = std::fs::metadata(path).map_err(unread)?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return Err(refused("which is no such file".to_owned()));
    }
    let text = std::fs::read(path).map_err(unread)?;
    let begins = format!("{kind}-----");
    let mut lines = text.split(|byte| *byte == b'\n');
    let is_pem = lines.any(|line| {
        let line = String::from_utf8_lossy(line);
        line.starts_with("-----BEGIN ") && line.trim_end().ends_with(&begins)
    });
    if is_pem {
        return Ok(());
    }
    Err(refused(format!(
        "in which there is no {}",
        kind.to_lowercase()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_in_words() {
        for (reason, sentence) in [
            (
                "invalid peer certificate: UnknownIssuer",
                "nobody whom this machine trusts has issued the server's certificate",
            ),
            (
                "invalid peer certificate: certificate not valid for name \"db\"; certificate is only valid for DnsName(\"x\")",
                "the server's certificate is not for the name \"db\"; certificate is only valid for DnsName(\"x\")",
            ),
            ("Connection reset by peer.", "connection reset by peer"),
            ("", ""),
        ] {
            assert_eq!(tls_reason(reason), sentence);
        }
        let signed = tls_reason("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))");
        assert!(signed.contains("sign their own"), "{signed}");
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let folder = std::env::temp_dir().join(format!("locard-pem-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("it is written");
            path.display().to_string()
        };
        let good = write(
            "good.pem",
            "# ours\n-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n",
        );
        let key = write("key.pem", "-----BEGIN RSA PRIVATE KEY-----\nMII=\n");
        let check = |path: &str, kind| pem_file("sslrootcert", path, kind);
        assert!(check(&good, "CERTIFICATE").is_ok() && check(&key, "PRIVATE KEY").is_ok());
        let refused = check(&key, "CERTIFICATE")
            .expect_err("it holds a key")
            .to_string();
        assert!(
            refused.contains("key.pem") && refused.contains("no certificate"),
            "{refused}"
        );
        let folder_itself = folder.display().to_string();
        assert!(pem_files(Some(&good), None, Some(&key)).is_ok());
        assert!(pem_files(Some(&folder_itself), None, None).is_err());
        let refused = check("/nonexistent/ca.pem", "CERTIFICATE").expect_err("it is not there");
        assert!(
            refused.to_string().contains("/nonexistent/ca.pem"),
            "{refused}"
        );
        std::fs::remove_dir_all(folder).expect("it goes");
    }
}
