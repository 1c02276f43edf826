//! Many wishes at once: those that can be done, and in their places those that cannot.

use std::future::Future;

use napi::Env;
use napi::bindgen_prelude::Unknown;
use napi_derive::napi;

use crate::convert::{List, Whole, argument};
use crate::errors::Failed;

/// How many calls are under way, and what ends them.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct ManyOptions<'env> {
    /// How many are under way at a time, 1 to 256. Default 16.
    #[napi(ts_type = "number")]
    pub concurrency: Option<Whole>,
    /// Ends the call.
    #[napi(ts_type = "AbortSignal")]
    pub signal: Option<Unknown<'env>>,
}

impl ManyOptions<'_> {
    pub(crate) fn concurrency(&self) -> usize {
        self.concurrency.map_or(porteur::CONCURRENCY, Whole::to_usize)
    }
}

/// The wishes that can be done, and why the others cannot.
pub(crate) struct Many<T> {
    wishes: Vec<T>,
    refused: Vec<Option<porteur::Error>>,
}

impl<T> Many<T> {
    /// Reads every wish. What is wrong with one is that one's outcome; what reading it throws is not ours, and ends all of it.
    pub(crate) fn read<'env>(
        env: &'env Env,
        name: &str,
        wishes: Unknown<'env>,
        read: impl Fn(&'env Env, Unknown<'env>) -> Result<T, Failed>,
    ) -> Result<Self, Failed> {
        let List(given) = argument::<List<Unknown<'_>>>(name, wishes)?;
        let mut many = Self { wishes: Vec::with_capacity(given.len()), refused: Vec::with_capacity(given.len()) };
        for one in given {
            let refused = match read(env, one) {
                Ok(wish) => {
                    many.wishes.push(wish);
                    None
                }
                Err(Failed::Core(error)) => Some(error),
                Err(thrown @ Failed::Js(_)) => return Err(thrown),
            };
            many.refused.push(refused);
        }
        Ok(many)
    }

    /// What becomes of each, in order.
    pub(crate) async fn done<R, F>(self, call: impl FnOnce(Vec<T>) -> F) -> Result<Vec<porteur::Result<R>>, Failed>
    where
        F: Future<Output = porteur::Result<Vec<porteur::Result<R>>>>,
    {
        let mut done = call(self.wishes).await?.into_iter();
        let outcomes = self.refused.into_iter().filter_map(|refused| refused.map(Err).or_else(|| done.next()));
        Ok(outcomes.collect())
    }
}
