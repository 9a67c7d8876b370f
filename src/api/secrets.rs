//! Secrets taken out of texts that come from elsewhere: a server under debugging, or a proxy, may
//! repeat in its answer what it was sent.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use super::auth::Credentials;

/// What stands in the place of a secret.
const HIDDEN: &str = "[hidden]";
/// How many tokens are remembered. Each replaces the one before; an answer may be about that one.
const TOKENS: usize = 4;
/// How every signature begins, and how many hexadecimal digits follow.
const SIGNATURE: (&str, usize) = ("$1$", 40);

/// Everything that must not be shown.
pub(super) struct Secrets {
    lasting: Vec<SecretString>,
    tokens: Mutex<Vec<SecretString>>,
}

impl Secrets {
    pub(super) fn of(credentials: &Credentials) -> Self {
        let lasting = match credentials {
            Credentials::ApplicationKey { key, secret, consumer } => vec![key, secret, consumer],
            Credentials::OAuth2 { client_id: _, client_secret } => vec![client_secret],
            Credentials::Token(token) => vec![token],
        };
        Self { lasting: lasting.into_iter().cloned().collect(), tokens: Mutex::default() }
    }

    /// Remembers a token that was fetched.
    pub(super) fn note(&self, token: &SecretString) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() == TOKENS {
            tokens.remove(0);
        }
        tokens.push(token.clone());
    }

    /// A text without any secret in it, whether as it is, or as JSON, a form or an address write it.
    pub(super) fn hide(&self, text: &str) -> String {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut forms: Vec<String> = Vec::new();
        for secret in self.lasting.iter().chain(&tokens).map(ExposeSecret::expose_secret) {
            // One or two characters are no secret but would match everywhere.
            if secret.len() > 2 {
                let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
                let json = serde_json::Value::from(secret).to_string();
                forms.extend([
                    secret.to_owned(),
                    json.trim_matches('"').to_owned(),
                    form.replace('+', "%20"),
                    form,
                ]);
            }
        }
        // A secret that is part of another one must not be taken out of it first.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        let mut text = Cow::Borrowed(text);
        for form in &forms {
            if text.contains(form) {
                text = text.replace(form, HIDDEN).into();
            }
        }
        without_signatures(&text)
    }
}

fn without_signatures(text: &str) -> String {
    let (begin, digits) = SIGNATURE;
    let mut clean = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(begin) {
        clean.push_str(&rest[..at]);
        rest = &rest[at + begin.len()..];
        let is_signature = rest.bytes().take(digits).filter(u8::is_ascii_hexdigit).count() == digits;
        clean.push_str(if is_signature { HIDDEN } else { begin });
        rest = &rest[if is_signature { digits } else { 0 }..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Secrets {
        Secrets::of(&Credentials::ApplicationKey {
            key: "key-1".into(),
            secret: "key-1/\"secret\" +".into(),
            consumer: "c0".into(),
        })
    }

    #[test]
    fn a_secret_is_found_in_every_form_it_travels_in() {
        let secrets = application();
        for form in [
            "key-1",
            r#"key-1/"secret" +"#,
            r#"key-1/\"secret\" +"#,
            "key-1%2F%22secret%22+%2B",
            "key-1%2F%22secret%22%20%2B",
        ] {
            assert_eq!(secrets.hide(&format!("before {form} after")), "before [hidden] after", "{form}");
        }
        assert_eq!(secrets.hide("key-2 is not c0 nor key-"), "key-2 is not c0 nor key-");
    }

    #[test]
    fn signatures_and_fetched_tokens_are_secrets() {
        let secrets =
            Secrets::of(&Credentials::OAuth2 { client_id: "me".into(), client_secret: "abc".into() });
        for number in 0..6 {
            secrets.note(&format!("token-{number}").into());
        }
        assert_eq!(secrets.hide("me: token-4, token-5, abc"), "me: [hidden], [hidden], [hidden]");
        let signature = format!("$1${}", "0f".repeat(20));
        assert_eq!(secrets.hide(&format!("signed {signature}.")), "signed [hidden].");
        assert_eq!(secrets.hide("it costs $1$ or $1$é, $1"), "it costs $1$ or $1$é, $1");
        assert_eq!(secrets.hide(&signature[..signature.len() - 1]), signature[..signature.len() - 1]);
    }
}
