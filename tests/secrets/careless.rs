//! A server that repeats the secrets it was sent.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

/// What it answers.
#[derive(Clone, Copy, Debug)]
pub enum Behaviour {
    /// An error of the API's shape.
    Refuse(u16),
    /// An error that is a text.
    Text(u16),
    /// An error whose query id is what was sent.
    QueryId,
    /// A redirect to a place made of what was sent.
    Redirect,
    /// JSON, but not what was asked for.
    Nonsense,
    /// The token endpoint refuses.
    RefuseToken,
    /// The token endpoint gives a token that cannot be sent.
    OddToken,
    /// The token endpoint answers well, and without a token.
    RepeatToken,
}

/// Serves until the test ends; returns the endpoint.
pub fn serve(behaviour: Behaviour) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that leaves early is none of our business.
            std::thread::spawn(move || exchange(stream, behaviour));
        }
    });
    format!("http://{address}/1.0")
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}

struct Asked {
    path: String,
    /// Everything in the request that may be secret, in one line.
    secrets: String,
}

fn read(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (mut secrets, mut length) = (Vec::new(), 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or_default(),
            name if name == "authorization" || name.starts_with("x-ovh") => {
                secrets.push(line.trim().to_owned())
            }
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    secrets.push(String::from_utf8_lossy(&body).into_owned());
    Ok(Asked { path, secrets: secrets.join(" ") })
}

fn exchange(mut stream: TcpStream, behaviour: Behaviour) -> std::io::Result<()> {
    let Asked { path, secrets } = read(&stream)?;
    let json = |text: &str| serde_json::Value::from(text).to_string();
    let (echo, error) = (json(&secrets), format!("{{\"class\":{0},\"message\":{0}}}", json(&secrets)));
    let is_token = path.starts_with("/auth/oauth2/token");
    let (status, header, body) = match behaviour {
        Behaviour::RefuseToken if is_token => {
            (400, String::new(), format!("{{\"error\":\"invalid_client\",\"error_description\":{echo}}}"))
        }
        Behaviour::OddToken if is_token => {
            (200, String::new(), "{\"access_token\":\"hush\\nhush\"}".to_owned())
        }
        Behaviour::RepeatToken if is_token => (200, String::new(), format!("{{\"hush\":{echo}}}")),
        _ if is_token => (200, String::new(), "{\"access_token\":\"hush-fetched\\\\hush\"}".to_owned()),
        // So that a signature is sent next.
        _ if path.ends_with("/auth/time") => (200, String::new(), "1763963556".to_owned()),
        Behaviour::Refuse(status) => (status, String::new(), error),
        Behaviour::Text(status) => (status, String::new(), secrets),
        Behaviour::QueryId => (403, format!("X-OVH-QUERYID: {secrets}\r\n"), error),
        Behaviour::Redirect => {
            let host: String = secrets.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
            (302, format!("Location: https://elsewhere.example/{host}?{secrets}\r\n"), secrets)
        }
        Behaviour::Nonsense => (200, String::new(), echo),
        Behaviour::RefuseToken | Behaviour::OddToken | Behaviour::RepeatToken => (403, String::new(), error),
    };
    write!(
        stream,
        "HTTP/1.1 {status} Odd\r\nConnection: close\r\nContent-Length: {}\r\n{header}\r\n{body}",
        body.len()
    )
}
