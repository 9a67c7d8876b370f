//! Where the paths of a report are counted from.

use std::path::{Component, Path, PathBuf};

use url::Url;

/// Where the paths of a report are counted from: the root of the repository, for what shows a report
/// beside the files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The folder that relative paths are counted from in a report.
    root: PathBuf,
    /// The folder that the paths of the sources are counted from, where they are relative.
    here: PathBuf,
}

impl Origin {
    /// Paths are counted from `root`; those of the sources are relative to `here`. Both are absolute.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, here: impl Into<PathBuf>) -> Self {
        Self { root: normal(&root.into()), here: normal(&here.into()) }
    }

    /// `path` from the root, with `/` between its parts; as an absolute path where it is not below it.
    #[must_use]
    pub fn relative(&self, path: &Path) -> String {
        let absolute = self.absolute(path);
        let shown = absolute.strip_prefix(&self.root).unwrap_or(&absolute);
        if shown.as_os_str().is_empty() {
            return ".".to_owned();
        }
        let shown = shown.display().to_string();
        if std::path::MAIN_SEPARATOR == '/' { shown } else { shown.replace(std::path::MAIN_SEPARATOR, "/") }
    }

    /// The URI of `path`, and whether it is relative to the root.
    pub(super) fn uri(&self, path: &Path) -> (String, bool) {
        let absolute = self.absolute(path);
        match absolute.strip_prefix(&self.root) {
            Ok(below) => {
                let encoded = Url::from_file_path(Path::new("/").join(below));
                let encoded = encoded.map_or_else(|()| self.relative(path), |uri| uri.path().to_owned());
                // Before the first slash of a relative reference, a colon would end a scheme.
                (encoded.trim_start_matches('/').replace(':', "%3A"), true)
            }
            Err(_) => {
                let uri = Url::from_file_path(&absolute);
                (uri.map_or_else(|()| self.relative(path), Into::into), false)
            }
        }
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        normal(&self.here.join(path))
    }
}

/// `path` without `.` and `..`. Links are not followed: a repository knows them by their own name.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn paths_are_counted_from_the_root_whichever_way_they_were_named() {
        let origin = Origin::new("/repo", "/repo/network/");
        for (path, relative, uri) in [
            ("a.yaml", "network/a.yaml", "network/a.yaml"),
            ("./b/../a.yaml", "network/a.yaml", "network/a.yaml"),
            ("../site/a.yaml", "site/a.yaml", "site/a.yaml"),
            ("/repo/a.yaml", "a.yaml", "a.yaml"),
            ("../a:b.yaml", "a:b.yaml", "a%3Ab.yaml"),
            ("/repo", ".", ""),
            ("../../else/a.yaml", "/else/a.yaml", "file:///else/a.yaml"),
            ("/repository/a.yaml", "/repository/a.yaml", "file:///repository/a.yaml"),
            ("Zürich 100%?#.yaml", "network/Zürich 100%?#.yaml", "network/Z%C3%BCrich%20100%25%3F%23.yaml"),
        ] {
            assert_eq!(origin.relative(Path::new(path)), relative, "{path}");
            assert_eq!(origin.uri(Path::new(path)).0, uri, "{path}");
        }
    }
}
