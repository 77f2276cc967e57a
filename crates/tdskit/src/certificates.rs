//! Certificates of a server for tests.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, version};

/// An authority and a certificate for `localhost` that it issued.
pub(crate) fn certificates() -> TempDir {
    let folder = TempDir::new().expect("a folder for certificates");
    let openssl = |arguments: &str| {
        let output = Command::new("openssl")
            .current_dir(folder.path())
            .args(arguments.split(' '))
            .output()
            .expect("openssl can be run");
        assert!(output.status.success(), "openssl failed");
    };
    let names = "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n";
    std::fs::write(folder.path().join("names"), names).expect("the folder takes files");
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=tdskit -keyout authority.key -out authority.crt",
    );
    openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
    openssl(
        "x509 -req -in server.csr -CA authority.crt -CAkey authority.key -CAcreateserial -days 30 -extfile names -out server.crt",
    );
    folder
}

/// What takes encrypted connections with them; `strict` is of TDS 8.
pub(crate) fn acceptor(folder: &Path, strict: bool) -> TlsAcceptor {
    let versions: &[_] = if strict {
        &[&version::TLS13]
    } else {
        &[&version::TLS12]
    };
    let chain = CertificateDer::pem_file_iter(folder.join("server.crt"))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate and its key");
    if strict {
        config.alpn_protocols = vec![b"tds/8.0".to_vec()];
    }
    TlsAcceptor::from(Arc::new(config))
}
