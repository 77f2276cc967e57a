//! What is said of encryption: why a handshake failed, and files of certificates that are none.

use locard_connector::{Error, ErrorKind, Result};

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

/// Refuses a file that should hold PEM certificates or keys and does not: drivers tell of it as of a server that is away.
///
/// # Errors
/// It cannot be read, or holds nothing of that kind; the sentence names the option and the file.
pub fn pem_file(option: &str, path: &str, kind: &str) -> Result<()> {
    let refused = |why: String| {
        Error::new(ErrorKind::Settings, format!("{option} names {path}, {why}"))
            .hint("name a PEM file, which has lines like -----BEGIN CERTIFICATE-----")
    };
    let text = std::fs::read(path)
        .map_err(|error| refused(format!("which cannot be read: {}", error.kind())))?;
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
        let refused = check("/nonexistent/ca.pem", "CERTIFICATE").expect_err("it is not there");
        assert!(
            refused.to_string().contains("/nonexistent/ca.pem"),
            "{refused}"
        );
        std::fs::remove_dir_all(folder).expect("it goes");
    }
}
