//! An animation that stays one: every picture of it goes the way of a single one, and only one is held at a time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use tracing::warn;

use super::color::to_pixels;
use super::decode::Frames;
use super::encode::Moving;
use super::job::Job;
use super::picture::Picture;
use super::result::{StageTimes, Transformed};
use crate::error::Result;

/// The animation that `job` asks for.
///
/// One that is damaged behind its first picture is shown up to there, as a damaged photograph is.
pub(super) fn animate(job: &Job<'_>) -> Result<Transformed> {
    let mut times = StageTimes::default();
    let mut watch = Watch(Instant::now());
    let mut frames = Frames::new(job.bytes, &job.header, &job.transform.limits)?;
    let mut moving = Moving::new(job.recipe(), job.fit.output);
    let mut first = None;
    loop {
        let next = match frames.next() {
            Err(error) if first.is_some() => {
                warn!(%error, "a damaged animation is shown as far as it can be read");
                None
            }
            next => next?,
        };
        let Some((decoded, shown_ms)) = next else { break };
        times.decode += watch.lap();
        let pixels = to_pixels(job.resized(decoded)?);
        times.resize += watch.lap();
        if first.is_none() {
            first = Some(Picture::Pixels(pixels.clone()));
        }
        moving.show(pixels, shown_ms)?;
        times.encode += watch.lap();
    }
    let bytes = Bytes::from(moving.finish(frames.plays())?);
    times.encode += watch.lap();
    job.result(bytes, first.as_ref(), times)
}

/// Time since it was last looked at.
struct Watch(Instant);

impl Watch {
    fn lap(&mut self) -> Duration {
        let before = std::mem::replace(&mut self.0, Instant::now());
        self.0 - before
    }
}
