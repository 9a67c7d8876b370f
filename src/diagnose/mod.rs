//! OVHcloud's diagnostics: what its routers say about one address. Which one fits, how many are left today,
//! and what came of it; [`run`] asks and waits.

mod choice;
mod quota;
mod report;
pub mod run;
pub mod text;

pub use choice::{Kind, Subject, Target, Unfit, find};
pub use quota::{PER_DAY, Quota, quota};
pub use report::{Line, Report};
