//! What the core's choices are called on the command line. The core itself knows no command line.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::apply::{Busy, HealthGate};
use crate::diagnose::Kind;
use crate::diagnostic::Format;
use crate::router::{At, Flavour};

/// A word for each value, with what it means.
macro_rules! words {
    ($($choice:ident { $($value:ident: $word:literal, $help:literal;)+ })+) => {
        $(impl ValueEnum for $choice {
            fn value_variants<'a>() -> &'a [Self] {
                &[$(Self::$value),+]
            }

            fn to_possible_value(&self) -> Option<PossibleValue> {
                Some(match self {
                    $(Self::$value => PossibleValue::new($word).help($help),)+
                })
            }
        })+
    };
}

words! {
    Busy {
        Wait: "wait", "Wait for it";
        Fail: "fail", "Give up";
    }
    HealthGate {
        Auto: "auto", "Yes, where the API tells; where it refuses to, say so once and go on";
        On: "on", "Yes";
        Off: "off", "No";
    }
    Kind {
        Peering: "peering", "How the BGP session is (a layer 3 PoP, a BGP peer)";
        Received: "received", "The routes that the other router announces in it";
        Advertised: "advertised", "The routes that OVHcloud announces in it";
        Routes: "routes", "The routes that are known (a layer 3 PoP, a datacenter, a static route)";
        Macs: "macs", "The MAC addresses that are known (a layer 2 PoP, a datacenter, a static route)";
    }
    At {
        Pop: "pop", "In the customer's network, where an OVHcloud Connect service is delivered";
        Datacenter: "datacenter", "In the vRack, at an OVHcloud datacenter";
    }
    Flavour {
        Frr: "frr", "FRRouting";
        Bird: "bird", "BIRD 2";
        IosXe: "ios-xe", "Cisco IOS-XE";
        Junos: "junos", "Juniper Junos";
        Routeros: "routeros", "MikroTik RouterOS 7";
        Linux: "linux", "Linux without a routing daemon: the gateways of static routes";
    }
    Format {
        Text: "text", "For a person: the lines of the file, and what is wrong there";
        Json: "json", "For a program: `ovhconnect schema diagnostics` says what is in it";
        Github: "github", "GitHub annotations (workflow commands)";
        Gitlab: "gitlab", "A GitLab code quality report";
        Sarif: "sarif", "SARIF 2.1.0, for code scanning";
        Junit: "junit", "JUnit XML, a suite for each file";
    }
}
