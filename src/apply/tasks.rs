//! The tasks of services, looked at once for all the steps that wait for one of them.
//!
//! Steps that run through one service wait at the same time, each for its own task. Where they are many,
//! whoever is due first looks, and what the look shows counts for all: a datacenter with twenty routes
//! that are being made costs hardly more requests than one with a few.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::try_join;
use tokio::sync::watch;
use tokio::time::Instant;

use super::follow::Config;
use super::looks::Looks;
use crate::api::wire::{ConfigStatus, TaskStatus};
use crate::api::{self, Client};
use crate::topology::ServiceId;

/// So many that wait look each for itself where the pace leaves room: what a task is about can be seen
/// beside it then, and not beside a list.
const FEW: usize = 3;

/// Who waits for a task of which service, and what was seen there last.
pub(super) struct Tasks<'a> {
    client: &'a Client,
    services: Mutex<HashMap<ServiceId, Arc<Service>>>,
}

struct Service {
    waiting: AtomicUsize,
    /// Held by who is looking: two lists read at one moment would show the same.
    turn: tokio::sync::Mutex<()>,
    last: watch::Sender<Look>,
}

/// The unfinished tasks of a service. What is not among them has ended, well or badly.
#[derive(Clone)]
struct Look {
    /// When it was asked for: what happened later need not be in it.
    asked: Instant,
    unfinished: Arc<BTreeMap<u64, TaskStatus>>,
}

/// A task as it was seen.
pub(super) struct Sighting {
    /// When it was asked for.
    pub(super) asked: Instant,
    /// `None`: the API does not know it any more.
    pub(super) status: Option<TaskStatus>,
    /// What it is about, where that was looked at beside it: its status, or that it is not there.
    pub(super) config: Option<Option<ConfigStatus>>,
}

impl<'a> Tasks<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client, services: Mutex::default() }
    }

    /// Begins to wait for a task of a service, which is about `config`, as far as that is known. `begun`:
    /// since when it is waited; `due`: when the first look is.
    pub(super) fn await_one(
        &self,
        (service, task): (ServiceId, u64),
        config: Option<Config>,
        begun: Instant,
        due: Instant,
    ) -> Waiting {
        let since = Instant::now();
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        let at = services.entry(service).or_insert_with(|| {
            let last = watch::Sender::new(Look { asked: since, unfinished: Arc::default() });
            Arc::new(Service { waiting: AtomicUsize::new(0), turn: tokio::sync::Mutex::default(), last })
        });
        at.waiting.fetch_add(1, Ordering::Relaxed);
        let news = at.last.subscribe();
        let about = About { service, task, config };
        let client = self.client.clone();
        let looks = Looks::new(move || client.has_room(), begun, due);
        Waiting { client: self.client.clone(), about, at: Arc::clone(at), news, looks, since }
    }
}

/// A task and what it is about.
#[derive(Clone, Copy)]
struct About {
    service: ServiceId,
    task: u64,
    config: Option<Config>,
}

impl About {
    /// Looks at this task only and, where that costs nobody's turn or it is probably over, at what it is
    /// about: that spares a round trip at its end.
    async fn sighting(self, client: Client, with_config: bool) -> Result<Sighting, api::Error> {
        let asked = Instant::now();
        let task = async {
            match client.task(self.service.uuid(), self.task).await {
                Ok(task) => Ok(Some(task.status)),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(error),
            }
        };
        let config = async {
            match self.config.filter(|_| with_config) {
                // What goes wrong here is seen again when it matters.
                Some(config) => Ok(config.status(&client).await.ok()),
                None => Ok(None),
            }
        };
        let (status, config) = try_join(task, config).await?;
        Ok(Sighting { asked, status, config })
    }
}

/// One who waits for a task.
pub(super) struct Waiting {
    client: Client,
    about: About,
    at: Arc<Service>,
    news: watch::Receiver<Look>,
    /// Own looks, at this task only.
    looks: Looks<Sighting>,
    /// What was asked for no later than this is old.
    since: Instant,
}

impl Waiting {
    /// The task as it is seen next, by whomever.
    pub(super) async fn next(&mut self) -> Result<Sighting, api::Error> {
        loop {
            let sighting = tokio::select! {
                biased;
                Ok(()) = self.news.changed() => self.in_last().await?,
                own = self.looks.next() => match own {
                    Some(own) => Some(own?),
                    None => {
                        self.look().await?;
                        None
                    }
                },
            };
            if let Some(sighting) = sighting.filter(|it| it.asked >= self.since) {
                self.since = sighting.asked;
                return Ok(sighting);
            }
        }
    }

    /// Looks: at this task only, where few wait, or at all of them for everybody.
    async fn look(&mut self) -> Result<(), api::Error> {
        let waiting = self.at.waiting.load(Ordering::Relaxed);
        let has_room = self.client.has_room();
        if waiting == 1 || (waiting <= FEW && has_room) {
            self.looks.begin(self.about.sighting(self.client.clone(), has_room));
            return Ok(());
        }
        let _turn = self.at.turn.lock().await;
        // Somebody else may have looked while the turn was waited for.
        if self.at.last.borrow().asked <= self.since {
            let asked = Instant::now();
            let tasks = self.client.tasks(self.about.service.uuid()).await?;
            let unfinished = tasks.into_iter().map(|task| (task.id, task.status)).collect();
            self.at.last.send_replace(Look { asked, unfinished: Arc::new(unfinished) });
        }
        let asked = self.at.last.borrow().asked;
        self.looks.looked(asked);
        Ok(())
    }

    /// The task in what somebody saw last, if that is news.
    async fn in_last(&mut self) -> Result<Option<Sighting>, api::Error> {
        let Look { asked, unfinished } = self.news.borrow_and_update().clone();
        if asked <= self.since {
            return Ok(None);
        }
        self.looks.looked(asked);
        Ok(Some(match unfinished.get(&self.about.task) {
            Some(status) => Sighting { asked, status: Some(status.clone()), config: None },
            None => Sighting { asked, ..self.about.sighting(self.client.clone(), true).await? },
        }))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.at.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
