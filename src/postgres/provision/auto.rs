use std::time::Duration;

use super::{ProviderChoice, ProvisionError, ProvisionOptions, Server, engine};
use crate::verdict::Event;

/// How long an absent image may take to arrive before the next provider gets its turn.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most faithful first.
const ORDER: [ProviderChoice; 4] =
    [ProviderChoice::Docker, ProviderChoice::Local, ProviderChoice::Download, ProviderChoice::Embedded];

/// Starts the most faithful server that works, and keeps the reasons why the ones before it did not.
pub(super) async fn start(
    options: &ProvisionOptions,
    run: &str,
    tell: &(dyn Fn(Event) + Sync),
) -> Result<Server, ProvisionError> {
    let mut tried = Vec::new();
    for choice in ORDER {
        let started = match engine::start(&choice, options, PATIENCE, tell).await {
            Ok(engine) => {
                let why = if tried.is_empty() { "the first choice".to_owned() } else { tried.join("; ") };
                Server::of(engine, why, run.to_owned(), tell).await
            }
            Err(error) => Err(error),
        };
        match started {
            Ok(server) => return Ok(server),
            Err(error) => tried.push(format!("not {choice} ({})", error.brief())),
        }
    }
    Err(ProvisionError::NoneServes { tried })
}
