//! The codes of what only live state can show to be wrong. A rule over files alone bears its own.
//!
//! They stand here because reading live state, comparing with it and planning all report such things.

/// A service that the account does not have.
pub const UNKNOWN_SERVICE: &str = "OCC201";
/// A vRack that the account does not have.
pub const UNKNOWN_VRACK: &str = "OCC202";
/// An interface that the service does not have, or has to be chosen.
pub const INTERFACE: &str = "OCC203";
/// A datacenter that is not on offer.
pub const UNKNOWN_DATACENTER: &str = "OCC204";
/// A datacenter that takes no new configuration.
pub const UNAVAILABLE_DATACENTER: &str = "OCC205";
/// A service that is terminated.
pub const CLOSED_SERVICE: &str = "OCC206";
/// One datacenter under two names.
pub const SAME_DATACENTER: &str = "OCC207";
/// A datacenter that no l3 PoP reaches.
pub const NO_L3_POP: &str = "OCC208";
/// Something unmanaged is in the way.
pub const UNMANAGED_CONFLICT: &str = "OCC209";
/// An ASN that OVHcloud assigned is also a peer's.
pub const ASSIGNED_ASN: &str = "OCC210";
/// A service that cannot be of layer 2.
pub const NOT_LAYER_2: &str = "OCC211";
/// A topology for another endpoint.
pub const ENDPOINT: &str = "OCC212";
