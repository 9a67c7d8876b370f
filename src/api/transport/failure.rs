//! What a failed exchange was, in a person's words.

use rustls::{CertificateError, InvalidMessage};

use super::{TransportError, TransportErrorKind};

/// Classifies a failure; `otherwise` is what it is where nothing else is known.
pub(super) fn failure(error: reqwest::Error, otherwise: TransportErrorKind) -> TransportError {
    let error = error.without_url();
    if let Some(problem) = cause_in::<rustls::Error>(&error) {
        return tls_failure(problem, error.is_connect(), otherwise);
    }
    if cause_in::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse_too_large) {
        let message = "the answer's headers are larger than is believable";
        return TransportError::new(TransportErrorKind::TooLarge, message);
    }
    if cause_in::<hyper::Error>(&error).is_some_and(hyper::Error::is_parse) {
        let message = format!("the answer is not HTTP ({}): is it an https port?", chain(&error));
        return TransportError::new(otherwise, message);
    }
    let kind = if error.is_builder() {
        TransportErrorKind::Invalid
    } else if error.is_connect() {
        TransportErrorKind::Connect
    } else if error.is_timeout() {
        TransportErrorKind::Timeout
    } else {
        otherwise
    };
    TransportError::new(kind, chain(&error))
}

/// A failure of TLS. Before the connection stands it is a refusal, which does not pass by itself;
/// afterwards the connection broke like any other.
fn tls_failure(error: &rustls::Error, connecting: bool, otherwise: TransportErrorKind) -> TransportError {
    let kind = if connecting { TransportErrorKind::Tls } else { otherwise };
    TransportError::new(kind, in_words(error))
}

/// What is wrong with the other side's TLS.
pub(super) fn in_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(problem) => certificate_in_words(problem),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS on this port: is it plain http, or something else?".to_owned()
        }
        other => format!("TLS failed: {other}"),
    }
}

fn certificate_in_words(problem: &CertificateError) -> String {
    match problem {
        CertificateError::UnknownIssuer => {
            "the server's certificate is not trusted: none of the authorities that this machine trusts has issued it"
                .to_owned()
        }
        CertificateError::NotValidForName => "the server's certificate is for another name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let wanted = expected.to_str();
            match presented.as_slice() {
                [] => format!("the server's certificate is for another name than {wanted}, and names none"),
                names => {
                    let names: Vec<&str> = names.iter().map(|name| bare(name)).collect();
                    format!(
                        "the server's certificate is for another name than {wanted}: it is for {}",
                        names.join(", ")
                    )
                }
            }
        }
        CertificateError::Expired => "the server's certificate has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the server's certificate has expired{}", day(" on ", not_after.as_secs()))
        }
        CertificateError::NotValidYet => "the server's certificate is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the server's certificate is not valid yet{}", day(": only from ", not_before.as_secs()))
        }
        CertificateError::Revoked => "the server's certificate was revoked".to_owned(),
        // A certificate that a person made for testing, more often than not. rustls has no variant for it.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server's certificate is an authority's and not a server's (self-signed?)".to_owned()
        }
        other => format!("the server's certificate is refused: {other}"),
    }
}

/// The name in `DnsName("api.example")`, as rustls has it.
fn bare(name: &str) -> &str {
    let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(name).trim_matches('"')
}

/// A day, by UTC; nothing where the seconds are none of this calendar.
fn day(before: &str, unix_seconds: u64) -> String {
    let time = i64::try_from(unix_seconds).ok().and_then(|it| jiff::Timestamp::from_second(it).ok());
    time.map(|time| format!("{before}{}", time.to_string().split('T').next().unwrap_or_default()))
        .unwrap_or_default()
}

/// The first cause of this type, however deep it is wrapped.
pub(super) fn cause_in<'a, E: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a E> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            // What an io::Error wraps is not its source: its source is the wrapped one's.
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

/// An error and its causes in one line, each said once.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}
