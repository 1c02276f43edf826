//! URLs from the caller's own code: a function that makes one for the name of a preview.

use std::collections::HashMap;
use std::sync::Arc;

use napi::bindgen_prelude::{Promise, Unknown};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{Env, Status, ValueType};
use porteur::{Error, Publish};

use crate::convert::{Text, argument, function};
use crate::errors::Failed;
use crate::hooks;

/// Where previews are put: to a template, or to the URLs of a function.
pub(super) fn target(env: &Env, to: Unknown<'_>) -> Result<Publish, Failed> {
    if to.get_type()? != ValueType::Function {
        return Ok(Publish::template(argument::<Text>("publish_to", to)?.0));
    }
    let sign = function("publish_to", hooks::call(env, "signer", (to,))?)?;
    let sign: Arc<Sign> = Arc::new(sign.build_threadsafe_function().weak::<true>().build()?);
    Ok(Publish::signer(move |id| {
        let sign = sign.clone();
        async move { signed(&sign, id).await }
    }))
}

/// Of the hook `signer`: its promise never rejects, and says in `reason` what was thrown. Weak: the promise of a call keeps the
/// process alive, and a worker that does nothing must not.
type Sign = ThreadsafeFunction<String, Promise<HashMap<String, String>>, String, Status, false, true>;

async fn signed(sign: &Sign, id: String) -> porteur::Result<String> {
    // An environment that is closing answers nobody.
    let answer = sign.call_async_catch(id).await.map_err(|_| Error::Cancelled)?;
    let mut answer = answer.await.map_err(|_| Error::Cancelled)?;
    answer.remove("url").ok_or_else(|| Error::InvalidInput {
        field: "publish".to_owned(),
        reason: answer.remove("reason").unwrap_or_default(),
        answer: None,
    })
}
