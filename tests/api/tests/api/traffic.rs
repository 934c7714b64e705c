//! Requests that go on while something breaks, and the count of what callers saw.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rig::{Request, Response};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::fixture::Api;

/// How long a caller thinks before the next request. Without it, quick refusals would keep the machine
/// so busy that nothing else gets on.
const THINKING: Duration = Duration::from_millis(2);

/// Longer than anything here takes, so that a test that hangs ends.
const PATIENCE: Duration = Duration::from_mins(1);

/// Callers who send one request after the other until they are stopped.
pub struct Traffic {
    api: Arc<Api>,
    stop: watch::Sender<bool>,
    /// How many requests of each caller have been answered.
    answered: watch::Sender<Vec<usize>>,
    callers: Vec<JoinHandle<Vec<Answer>>>,
}

/// What a caller saw.
pub struct Answer {
    /// The running number of the request.
    pub number: usize,
    pub sent: Instant,
    pub took: Duration,
    pub response: Response,
}

impl Traffic {
    /// `request` makes the request of a running number.
    pub fn start(
        api: &Arc<Api>,
        callers: usize,
        request: impl Fn(usize) -> Request + Send + Sync + 'static,
    ) -> Self {
        let (stop, answered) = (
            watch::Sender::new(false),
            watch::Sender::new(vec![0; callers]),
        );
        let (next, request) = (Arc::new(AtomicUsize::new(0)), Arc::new(request));
        let callers = (0..callers).map(|caller| {
            let (api, next, request) = (Arc::clone(api), Arc::clone(&next), Arc::clone(&request));
            let (stopped, answered) = (stop.subscribe(), answered.clone());
            tokio::spawn(async move {
                let mut answers = Vec::new();
                while !*stopped.borrow() {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let request = request(number);
                    let sent = Instant::now();
                    let response = api.send(&request).await;
                    answers.push(Answer {
                        number,
                        sent,
                        took: sent.elapsed(),
                        response,
                    });
                    answered.send_modify(|answered| answered[caller] += 1);
                    tokio::time::sleep(THINKING).await;
                }
                answers
            })
        });
        let callers = callers.collect();
        Self {
            api: Arc::clone(api),
            stop,
            answered,
            callers,
        }
    }

    /// How many requests have been answered.
    pub fn answered(&self) -> usize {
        self.answered.borrow().iter().sum()
    }

    /// Waits until this many more requests have been answered, and all that are under way now.
    pub async fn more(&self, count: usize) {
        let mut answered = self.answered.subscribe();
        let before = answered.borrow().clone();
        let wanted = before.iter().sum::<usize>() + count;
        let reached = answered.wait_for(|now| {
            let has_everybody_gone_on = now.iter().zip(&before).all(|(now, before)| now > before);
            has_everybody_gone_on && now.iter().sum::<usize>() >= wanted
        });
        let reached = tokio::time::timeout(PATIENCE, reached).await;
        assert!(reached.is_ok(), "the callers get no answers");
    }

    /// Lets every caller finish.
    pub async fn stop(self) -> Seen {
        self.stop.send_replace(true);
        let mut answers = Vec::new();
        for caller in self.callers {
            answers.extend(caller.await.unwrap());
        }
        let logs = self.api.logs();
        let mut first_of_each_kind = BTreeMap::new();
        for failure in answers.iter().filter(|one| one.response.status >= 300) {
            let id = failure.response.header("x-request-id").unwrap();
            first_of_each_kind.entry(failure.kind()).or_insert(id);
        }
        let told = first_of_each_kind.values().flat_map(|id| {
            let lines = logs.lines().filter(|line| line.contains(id.as_str()));
            lines.map(str::to_owned)
        });
        let logged = told.collect();
        Seen { answers, logged }
    }
}

/// All that callers saw.
pub struct Seen {
    pub answers: Vec<Answer>,
    /// What the function has logged about the first failure of each kind.
    pub logged: Vec<String>,
}

impl Seen {
    /// Everything but a success.
    pub fn failures(&self) -> impl Iterator<Item = &Answer> {
        self.answers.iter().filter(|one| one.response.status >= 300)
    }

    /// The longest that anybody waited.
    pub fn slowest(&self) -> Duration {
        self.answers.iter().map(|one| one.took).max().unwrap()
    }

    /// How often each status and error code came.
    pub fn counts(&self) -> BTreeMap<(u16, String), usize> {
        let mut counts = BTreeMap::new();
        for answer in &self.answers {
            *counts.entry(answer.kind()).or_default() += 1;
        }
        counts
    }

    /// Prints what a note about the fault says.
    pub fn report(&self, what: &str) {
        eprintln!(
            "{what}: {} requests, {} failed, slowest {} ms, {:?}",
            self.answers.len(),
            self.failures().count(),
            self.slowest().as_millis(),
            self.counts()
        );
    }

    /// Reports, and demands that nothing failed.
    #[track_caller]
    pub fn assert_no_failure(&self, what: &str) {
        self.report(what);
        if let Some(failure) = self.failures().next() {
            panic!("{what}: {}\n{:#?}", failure.response.text(), self.logged);
        }
    }

    /// Demands that whoever failed was told so in one of these ways, with a time to come back if it is
    /// a 503.
    #[track_caller]
    pub fn assert_only(&self, allowed: &[(u16, &str)]) {
        for answer in self.failures() {
            let (status, code) = answer.kind();
            assert!(
                allowed.contains(&(status, code.as_str())),
                "{}\n{:#?}",
                answer.response.text(),
                self.logged
            );
            if status == 503 {
                assert_eq!(answer.response.header("retry-after").unwrap(), "2");
            }
        }
    }

    /// How long after `moment` the last request was sent that failed; zero if none was.
    pub fn recovery_after(&self, moment: Instant) -> Duration {
        self.failures()
            .map(|failure| failure.sent.saturating_duration_since(moment))
            .max()
            .unwrap_or_default()
    }
}

impl FromIterator<Seen> for Seen {
    fn from_iter<I: IntoIterator<Item = Seen>>(parts: I) -> Self {
        let (mut answers, mut logged) = (Vec::new(), Vec::new());
        for part in parts {
            answers.extend(part.answers);
            logged.extend(part.logged);
        }
        Self { answers, logged }
    }
}

impl Answer {
    /// Status and error code.
    fn kind(&self) -> (u16, String) {
        let status = self.response.status;
        let code = if status < 300 {
            String::new()
        } else {
            self.response.json()["error"].as_str().unwrap().to_owned()
        };
        (status, code)
    }
}
