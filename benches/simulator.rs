//! How fast the simulator answers: `cargo bench --bench simulator`.
//!
//! An account of 1,000 services, each with an l3 PoP, in vRacks with four datacenters, is made and
//! served on loopback. Clients of this process sign every GET and keep their connections, so what is
//! measured is the signing, the socket and the answer together. Bounded in requests and in time.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ovhconnect::api::wire::{ExtraType, NewExtraConfig, PopType};
use ovhconnect::sim::account::{DatacenterEntry, PopEntry, ServiceEntry, VrackEntry};
use ovhconnect::sim::clock::{Clock, SystemClock};
use ovhconnect::sim::{Account, Options, Simulator, serve};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

const SERVICES: u32 = 1_000;
const PER_VRACK: u32 = 16;
const CONNECTIONS: usize = 8;
/// No row takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> io::Result<()> {
    // Run as a test it only shows that it works.
    let requests = if std::env::args().any(|argument| argument == "--bench") { 20_000 } else { 100 };
    let before = resident();
    let begun = Instant::now();
    let simulator = Simulator::new(&account(), Options::default(), Arc::new(SystemClock::new()))
        .expect("an account whose names stand once");
    println!("account of {SERVICES} services: made in {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    if let (Some(before), Some(after)) = (before, resident()) {
        println!("memory it takes: {} KiB", after.saturating_sub(before));
    }
    let simulator = Arc::new(simulator);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(serve::serve(listener, simulator.clone()));
        let expanded = "X-Pagination-Mode: CachedObjectList-Pages\r\nX-Pagination-Size: 1000\r\n";
        let fresh = format!("{expanded}Pragma: no-cache\r\n");
        for (what, path, extra, requests) in [
            ("one service", Path::Service, "", requests),
            ("one list of PoPs", Path::Pops, "", requests),
            ("ids of all services", Path::Services, "", requests / 4),
            ("all services expanded, cached", Path::Services, expanded, requests / 40),
            ("all services expanded, fresh", Path::Services, &fresh, requests / 40),
        ] {
            let (done, spent) = measure(&simulator, address, path, extra, requests.max(CONNECTIONS)).await?;
            println!(
                "{what}: {:.0} signed GETs a second ({done} over {CONNECTIONS} connections in {:.2} s)",
                done as f64 / spent.as_secs_f64(),
                spent.as_secs_f64()
            );
        }
        Ok(())
    })
}

fn account() -> Account {
    let subnet = |a, b, c, length| Some(format!("10.{a}.{b}.{c}/{length}"));
    let vracks = (0..SERVICES.div_ceil(PER_VRACK)).map(|number| VrackEntry {
        datacenters: (1..=4_u32)
            .map(|id| DatacenterEntry {
                datacenter_id: id.into(),
                ovh_bgp_area: Some(65010),
                subnet: subnet(id, 0, 0, 24),
                extra: vec![NewExtraConfig {
                    kind: ExtraType::Network,
                    bgp_neighbor_area: None,
                    bgp_neighbor_ip: None,
                    next_hop: Some(format!("10.{id}.0.10")),
                    subnet: Some(format!("192.168.{id}.0/24")),
                }],
            })
            .collect(),
        ..VrackEntry::new(format!("pn-{number}"))
    });
    let services = (0..SERVICES).map(|number| {
        let vrack = format!("pn-{}", number / PER_VRACK);
        let mut entry = ServiceEntry::new(service(number), number.into()).in_vrack(vrack);
        entry.pop_config = Some(PopEntry {
            interface_id: number.into(),
            kind: PopType::L3,
            customer_bgp_area: Some(65001),
            ovh_bgp_area: Some(65002),
            subnet: subnet(200, 0, number % PER_VRACK * 4, 30),
            datacenter_id: None,
            peer: Default::default(),
        });
        entry
    });
    Account { vracks: vracks.collect(), services: services.collect(), ..Account::default() }
}

fn service(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

/// What is asked for.
#[derive(Clone, Copy)]
enum Path {
    Services,
    Service,
    Pops,
}

impl Path {
    /// Another service each time.
    fn at(self, turn: usize) -> String {
        let service = service(u32::try_from(turn).unwrap_or(0) % SERVICES);
        match self {
            Self::Services => "/1.0/ovhCloudConnect".to_owned(),
            Self::Service => format!("/1.0/ovhCloudConnect/{service}"),
            Self::Pops => format!("/1.0/ovhCloudConnect/{service}/config/pop"),
        }
    }
}

/// How many requests were answered, and how long that took.
async fn measure(
    simulator: &Arc<Simulator>,
    address: SocketAddr,
    path: Path,
    extra: &str,
    requests: usize,
) -> io::Result<(usize, Duration)> {
    let turn = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let (simulator, turn, extra) = (simulator.clone(), turn.clone(), extra.to_owned());
        clients.push(tokio::spawn(async move {
            let clock = SystemClock::new();
            let mut connection = BufReader::new(TcpStream::connect(address).await?);
            connection.get_ref().set_nodelay(true)?;
            let mut done = 0;
            loop {
                let turn = turn.fetch_add(1, Ordering::Relaxed);
                if turn >= requests || begun.elapsed() > PATIENCE {
                    return io::Result::Ok(done);
                }
                let path = path.at(turn);
                let url = format!("http://{address}{path}");
                let mut head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{extra}");
                for (name, value) in simulator.credentials().headers("GET", &url, "", clock.wall()) {
                    head.push_str(&format!("{name}: {value}\r\n"));
                }
                head.push_str("\r\n");
                connection.get_mut().write_all(head.as_bytes()).await?;
                answer(&mut connection).await?;
                done += 1;
            }
        }));
    }
    let mut done = 0;
    for client in clients {
        done += client.await??;
    }
    Ok((done, begun.elapsed()))
}

/// Reads one answer, which must be good and not empty.
async fn answer(connection: &mut BufReader<TcpStream>) -> io::Result<()> {
    let (mut line, mut length) = (String::new(), 0);
    connection.read_line(&mut line).await?;
    let good = line.starts_with("HTTP/1.1 200");
    while line != "\r\n" && !line.is_empty() {
        line.clear();
        connection.read_line(&mut line).await?;
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await?;
    if good && length > 2 {
        Ok(())
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&body).into_owned()))
    }
}

/// The memory this process holds, in KiB, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
