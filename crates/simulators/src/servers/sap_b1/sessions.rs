//! Sessions of the Service Layer: begun by a login, kept by use, bound to a node by a second cookie.
//!
//! Reads no clock: the server tells the time. Invariant: a session that nobody used for its minutes is as unknown as one that never was.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::dirt;
use crate::servers::serving::Request;

struct Session {
    route: String,
    used: Duration,
}

pub(super) struct Sessions {
    idle: Duration,
    /// How many there have been, and those that are there.
    open: Mutex<(u64, HashMap<String, Session>)>,
}

impl Sessions {
    pub(super) fn new(idle: Duration) -> Sessions {
        Sessions { idle, open: Mutex::default() }
    }

    /// A new session and the node on which it lives.
    pub(super) fn begin(&self, now: Duration) -> (String, String) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.0 += 1;
        let (high, low) = (dirt::mix(831, open.0, 1), dirt::mix(831, open.0, 2));
        let id = format!(
            "{:08x}-{:04x}-11ed-8000-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            low & 0xffff_ffff_ffff
        );
        let route = format!(".node{}", 1 + open.0 % 4);
        open.1.insert(id.clone(), Session { route: route.clone(), used: now });
        (id, route)
    }

    /// Whether the request belongs to a session that lives; it lives longer for it.
    pub(super) fn renews(&self, request: &Request, now: Duration) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(id), Some(route)) = (cookie(request, "B1SESSION"), cookie(request, "ROUTEID")) else {
            return false;
        };
        let Some(session) = open.1.get_mut(&id) else { return false };
        if session.route != route {
            return false;
        }
        if now.saturating_sub(session.used) >= self.idle {
            open.1.remove(&id);
            return false;
        }
        session.used = now;
        true
    }

    /// Forgets the session of the request.
    pub(super) fn end(&self, request: &Request) {
        if let Some(id) = cookie(request, "B1SESSION") {
            self.open.lock().unwrap_or_else(PoisonError::into_inner).1.remove(&id);
        }
    }
}

fn cookie(request: &Request, name: &str) -> Option<String> {
    let headers = request.headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    let mut cookies = headers.flat_map(|header| header.split(';'));
    cookies.find_map(|cookie| {
        let (key, value) = cookie.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    })
}
