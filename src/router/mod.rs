//! The other side: what the customer's routers need, from a topology.
//!
//! [`configure`] makes a [`Configuration`], which knows no router's language; [`render`] writes it in
//! one. Both are pure.

mod build;
mod clean;
mod flavour;
mod model;

pub use build::{Choice, Options, Problem, configure};
pub use flavour::{Flavour, RenderError, render, render_with};
pub use model::{
    At, Bfd, Configuration, Gateway, InterfaceName, Link, Permitted, Role, Router, Session, StaticRoute,
};
