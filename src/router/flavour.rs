//! A `Configuration` in a router's language, by templates.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use super::clean::{comment, plain};
use super::model::Configuration;

/// A router's language.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flavour {
    /// FRRouting.
    Frr,
    /// BIRD 2.
    Bird,
    /// Cisco IOS-XE.
    IosXe,
    /// Juniper Junos.
    Junos,
    /// MikroTik RouterOS 7.
    Routeros,
    /// Linux without a routing daemon: the gateways of static routes.
    Linux,
}

impl Flavour {
    /// Every flavour.
    pub const ALL: [Self; 6] = [Self::Frr, Self::Bird, Self::IosXe, Self::Junos, Self::Routeros, Self::Linux];

    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Frr => "FRR",
            Self::Bird => "BIRD 2",
            Self::IosXe => "Cisco IOS-XE",
            Self::Junos => "Juniper Junos",
            Self::Routeros => "MikroTik RouterOS 7",
            Self::Linux => "Linux",
        }
    }

    const fn template(self) -> &'static str {
        match self {
            Self::Frr => include_str!("templates/frr.j2"),
            Self::Bird => include_str!("templates/bird.j2"),
            Self::IosXe => include_str!("templates/ios-xe.j2"),
            Self::Junos => include_str!("templates/junos.j2"),
            Self::Routeros => include_str!("templates/routeros.j2"),
            Self::Linux => include_str!("templates/linux.j2"),
        }
    }

    /// Whether it can speak BGP with a neighbour whose ASN is unknown, as long as it is another's.
    const fn takes_any_asn(self) -> bool {
        match self {
            Self::Frr | Self::Bird | Self::Routeros => true,
            Self::IosXe | Self::Junos => false,
            // It has no sessions at all.
            Self::Linux => true,
        }
    }
}

/// Why a configuration cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The language wants to know what only the API knows.
    #[error("{} needs OVHcloud's ASN at {peer}, which OVHcloud assigns and the topology does not say", flavour.title())]
    UnknownAsn {
        /// The language.
        flavour: Flavour,
        /// The BGP peer.
        peer: crate::topology::Address,
    },
    /// The template is wrong.
    #[error("the template cannot be used: {0}")]
    Template(#[from] minijinja::Error),
}

/// Writes a configuration in a router's language.
///
/// # Errors
/// Where the language needs an ASN that is unknown.
pub fn render(configuration: &Configuration, flavour: Flavour) -> Result<String, RenderError> {
    if !flavour.takes_any_asn() {
        let links = configuration.routers.iter().flat_map(|router| &router.links);
        let mut open = links.filter(|link| link.sessions.iter().any(|session| session.remote_asn.is_none()));
        if let Some(link) = open.next() {
            return Err(RenderError::UnknownAsn { flavour, peer: link.address.clone() });
        }
    }
    render_with(configuration, flavour.title(), flavour.template())
}

/// Writes a configuration by a template. Its variables are the fields of [`Configuration`], as in JSON.
///
/// `name` is what errors call the template.
///
/// # Errors
/// Where the template is not valid, or names what is not there.
pub fn render_with(configuration: &Configuration, name: &str, template: &str) -> Result<String, RenderError> {
    // The loader that minijinja can have is left out: a template reads no other file.
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(syntax()?);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment.add_filter("plain", |text: String| plain(&text));
    environment.add_filter("comment", |text: String, mark: String| comment(&text, &mark));
    environment.add_filter("prefix_length", |prefix: String| Ok(parse(&prefix)?.prefix_len()));
    environment.add_filter("network", |prefix: String| Ok(parse(&prefix)?.network().to_string()));
    environment.add_filter("netmask", |prefix: String| Ok(parse(&prefix)?.netmask().to_string()));
    environment.add_template(name, template)?;
    Ok(environment.get_template(name)?.render(Serde(configuration))?)
}

/// A line with nothing but a tag on it is not in the output.
fn syntax() -> Result<SyntaxConfig, minijinja::Error> {
    SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()
}

/// A prefix, or an address as the prefix that holds it alone.
fn parse(text: &str) -> Result<Ipv4Net, minijinja::Error> {
    let host = || text.parse::<Ipv4Addr>().map(Ipv4Net::from);
    text.parse().or_else(|_| host()).map_err(|_| {
        let kind = minijinja::ErrorKind::InvalidOperation;
        minijinja::Error::new(kind, format!("`{text}` is not an IPv4 prefix"))
    })
}
