//! TLS as SQL Server speaks it: which certificates are trusted, and the handshake inside of packets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use locard_connector::{Error, ErrorKind, Result};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{self, CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme, version,
};

use crate::error::no_tls;
use crate::settings::{Encryption, Settings};
use crate::wire::{HEADER, PRELOGIN, header};

/// Encrypts a connection; before TDS 8 the handshake travels in packets.
pub(crate) async fn encrypt(tcp: TcpStream, settings: &Settings) -> Result<TlsStream<Packed>> {
    let strict = settings.encryption == Encryption::Strict;
    let name = settings.certificate_host.as_ref().unwrap_or(&settings.host);
    let name = ServerName::try_from(name.clone()).map_err(|_| {
        Error::new(
            ErrorKind::Settings,
            "the host of the target is no name that a certificate can bear",
        )
    })?;
    let connector = TlsConnector::from(Arc::new(config(settings, strict)?));
    let handshake = connector.connect(name, Packed::new(tcp, !strict)).await;
    let mut stream = handshake.map_err(|error| no_tls(&error, settings))?;
    stream.get_mut().0.wraps = false;
    Ok(stream)
}

fn config(settings: &Settings, strict: bool) -> Result<ClientConfig> {
    let provider = Arc::new(ring::default_provider());
    // The handshake in packets ends with a word of the server's, as only that of 1.2 does.
    let versions: &[_] = if strict {
        &[&version::TLS13, &version::TLS12]
    } else {
        &[&version::TLS12]
    };
    let unsupported = |error: rustls::Error| {
        Error::new(ErrorKind::Unexpected, "TLS cannot be set up").cause(error)
    };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .map_err(unsupported)?;
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust(settings, provider)?))
        .with_no_client_auth();
    if strict {
        config.alpn_protocols = vec![b"tds/8.0".to_vec()];
    }
    Ok(config)
}

/// What makes a server's certificate good.
#[derive(Debug)]
struct Trust {
    /// The authorities; `None`: whatever comes.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that are good by themselves: servers often issue their own.
    named: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
}

fn trust(settings: &Settings, provider: Arc<CryptoProvider>) -> Result<Trust> {
    // In strict mode nothing is taken on trust, as Microsoft's drivers have it.
    if settings.trust_server_certificate && settings.encryption != Encryption::Strict {
        return Ok(Trust {
            authorities: None,
            named: Vec::new(),
            provider,
        });
    }
    let named = match &settings.root_certificate {
        Some(file) => certificates(file)?,
        None => Vec::new(),
    };
    let mut roots = RootCertStore::empty();
    if settings.root_certificate.is_some() {
        roots.add_parsable_certificates(named.iter().cloned());
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let authorities =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
            .build()
            .map_err(|error| {
                Error::new(
                    ErrorKind::Settings,
                    "this system trusts no authority that could vouch for the server",
                )
                .hint("name a file of certificates with `serverCertificate` of the target")
                .cause(error)
            })?;
    Ok(Trust {
        authorities: Some(authorities),
        named,
        provider,
    })
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    let read: Vec<_> = read.map_err(|error: rustls::pki_types::pem::Error| {
        let sentence = format!("the certificates in {file} cannot be read");
        Error::new(ErrorKind::Settings, sentence)
            .hint("`serverCertificate` of the target names a PEM file")
            .cause(error)
    })?;
    if read.is_empty() {
        let sentence = format!("there is no certificate in {file}");
        return Err(Error::new(ErrorKind::Settings, sentence));
    }
    Ok(read)
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match &self.authorities {
            Some(authorities) if !self.named.iter().any(|named| named == end_entity) => {
                authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// A connection whose bytes travel in packets until the handshake is done.
#[derive(Debug)]
pub(crate) struct Packed {
    pub(crate) tcp: TcpStream,
    wraps: bool,
    /// What was written and not sent, with its header once it is being sent.
    out: Vec<u8>,
    sent: usize,
    sending: bool,
    /// The header of the packet that is being read.
    head: Vec<u8>,
    /// Bytes that are still to come of it.
    left: usize,
}

impl Packed {
    fn new(tcp: TcpStream, wraps: bool) -> Self {
        Self {
            tcp,
            wraps,
            out: Vec::new(),
            sent: 0,
            sending: false,
            head: Vec::new(),
            left: 0,
        }
    }

    /// Sends what was written as one packet.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.sending && !self.out.is_empty() {
            let head = header(PRELOGIN, self.out.len());
            self.out.splice(0..0, head);
            self.sending = true;
        }
        while self.sending {
            let rest = self.out.get(self.sent..).unwrap_or_default();
            if rest.is_empty() {
                (self.sending, self.sent) = (false, 0);
                self.out.clear();
                break;
            }
            let sent = ready!(Pin::new(&mut self.tcp).poll_write(context, rest))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += sent;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads the header of the next packet; `false` at the end of the connection.
    fn poll_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.left == 0 {
            let mut bytes = [0; HEADER];
            let wanted = HEADER - self.head.len();
            let mut rest = ReadBuf::new(bytes.get_mut(..wanted).unwrap_or_default());
            ready!(Pin::new(&mut self.tcp).poll_read(context, &mut rest))?;
            if rest.filled().is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.head.extend_from_slice(rest.filled());
            if let &[_, _, high, low, ..] = self.head.as_slice()
                && self.head.len() == HEADER
            {
                self.left = usize::from(u16::from_be_bytes([high, low])).saturating_sub(HEADER);
                self.head.clear();
            }
        }
        Poll::Ready(Ok(true))
    }
}

impl AsyncRead for Packed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.wraps && self.left == 0 {
            return Pin::new(&mut self.tcp).poll_read(context, into);
        }
        ready!(self.poll_send(context))?;
        if !ready!(self.poll_head(context))? {
            return Poll::Ready(Ok(()));
        }
        let most = self.left.min(into.remaining());
        let mut part = vec![0; most];
        let mut read = ReadBuf::new(&mut part);
        ready!(Pin::new(&mut self.tcp).poll_read(context, &mut read))?;
        let count = read.filled().len();
        into.put_slice(read.filled());
        self.left -= count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Packed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.wraps {
            return Pin::new(&mut self.tcp).poll_write(context, bytes);
        }
        if self.sending {
            ready!(self.poll_send(context))?;
        }
        self.out.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
