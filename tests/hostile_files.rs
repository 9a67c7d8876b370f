//! Files that are no topology at all: each is told, none is waited for, and none does harm.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ovhconnect::diagnostic::{self, MAX_SHOWN, Source, Sources};
use ovhconnect::topology::{self, files};

const EXAMPLE: &str = include_str!("../examples/l2.yaml");

/// The codes of what is wrong with a file of these bytes.
fn codes_of(bytes: &[u8]) -> Vec<&'static str> {
    let (sources, mut diagnostics) = files::read_from(bytes, "a.yaml");
    diagnostics.extend(topology::parse(&sources).1);
    diagnostics.iter().map(|diagnostic| diagnostic.rule.code).collect()
}

#[test]
fn nesting_of_any_depth_is_refused() {
    const DEPTH: usize = 100_000;
    for open in ["[", "{a: ", "- ", "? ", "? - ", "&a [", "!!seq [", "{? "] {
        let text = open.repeat(DEPTH);
        assert_eq!(codes_of(text.as_bytes()), ["OCC005"], "{open:?}");
    }
    let closed = format!("version: 1\nvracks: {}{}\n", "[".repeat(DEPTH), "]".repeat(DEPTH));
    assert_eq!(codes_of(closed.as_bytes()), ["OCC005"]);
}

#[test]
fn bytes_that_are_no_topology_are_told_once() {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let unit = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(unit).collect()
    };
    let text = "\u{feff}version: 1\nvracks: {}\n";
    for (bytes, expected) in [
        (utf16(text, false), "OCC003"),
        (utf16(text, true), "OCC003"),
        (utf16(&text[3..], false), "OCC005"),
        (b"version: 1\nvracks: \xff\n".to_vec(), "OCC003"),
        (b"version: 1\0\nvracks: {}\n".to_vec(), "OCC005"),
        (b"\0".to_vec(), "OCC005"),
        (b"version: 1\nvracks:\n\tpn-1: {}\n".to_vec(), "OCC005"),
        (b"version: 1\nversion: 1\nvracks: {pn-1: {manage: declared}}\n".to_vec(), "OCC006"),
        (b"\x7fELF\x02\x01\x01".to_vec(), "OCC005"),
        (b"\x1f\x8b\x08\x00".to_vec(), "OCC003"),
        (Vec::new(), "OCC008"),
    ] {
        let codes = codes_of(&bytes);
        assert!(codes == [expected], "{:?}: {codes:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn of_thousands_of_mistakes_each_is_found_and_a_readable_number_shown() {
    let mut text = "version: 1\nvracks:\n".to_owned();
    for vrack in 0..20_000 {
        text.push_str(&format!("  pn-{vrack}: {{manage: declared, speed: 1}}\n"));
    }
    let mut sources = Sources::default();
    sources.add(Source { path: PathBuf::from("a.yaml"), text });
    let (_, diagnostics) = topology::parse(&sources);
    assert_eq!(diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count(), 20_000);
    let shown = diagnostic::render(&diagnostics, &sources, false);
    assert_eq!(shown.matches("error[OCC007]").count(), MAX_SHOWN);
    assert!(shown.contains("... and 19900 errors"), "{}", &shown[shown.len() - 200..]);
}

/// What is neither a file nor a folder is not waited for.
#[cfg(unix)]
#[test]
fn pipes_sockets_and_devices_are_refused_unless_they_were_given_to_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe.yaml");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is part of every Unix");
    assert!(made.success());
    let socket = folder.path().join("socket.yaml");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    for path in [pipe.as_path(), socket.as_path(), Path::new("/dev/zero"), Path::new("/dev/null")] {
        let (sources, diagnostics) = files::read(&[path]);
        assert_eq!(sources.iter().count(), 0, "{}", path.display());
        let [diagnostic] = diagnostics.as_slice() else { panic!("{}: {diagnostics:?}", path.display()) };
        assert_eq!(diagnostic.rule.code, "OCC001");
        assert!(diagnostic.message.contains("neither a file nor a folder"), "{}", diagnostic.message);
        assert_eq!(diagnostic.file.as_deref(), Some(path));
    }
    // In a folder they are no topologies.
    let (_, diagnostics) = files::read(&[folder.path()]);
    assert_eq!(diagnostics[0].rule.code, "OCC002");

    let mut child = Command::new(env!("CARGO_BIN_EXE_ovhconnect"))
        .args(["validate", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(EXAMPLE.as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Root may read everything, so the program is run as nobody there.
#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_told() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
    };
    mode(folder.path(), 0o755);
    let file = folder.path().join("file.yaml");
    std::fs::write(&file, EXAMPLE).expect("a file");
    mode(&file, 0o000);
    let closed = folder.path().join("closed");
    std::fs::create_dir(&closed).expect("a folder");
    let program = folder.path().join("ovhconnect");
    std::fs::copy(env!("CARGO_BIN_EXE_ovhconnect"), &program).expect("a copy anyone may run");
    mode(&program, 0o755);
    let root = std::fs::metadata(&file).expect("a file").uid() == 0;
    mode(&closed, 0o000);

    let mut command = Command::new(&program);
    command.args(["validate", "--format", "json"]).args([&file, &closed]).current_dir("/");
    if root {
        command.uid(65534).gid(65534);
    }
    let output = command.output().expect("the program starts");
    mode(&closed, 0o755);
    assert_eq!(output.status.code(), Some(1));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("a report");
    for (found, path) in report["diagnostics"].as_array().expect("a list").iter().zip([&file, &closed]) {
        assert_eq!(found["code"], "OCC001");
        assert_eq!(found["message"], format!("cannot read `{}`: permission denied", path.display()));
        assert_eq!(found["file"], path.to_str().expect("a text"));
    }
    assert_eq!(report["diagnostics"].as_array().map(Vec::len), Some(2), "{report}");
}
