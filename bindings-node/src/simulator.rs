//! The platform on loopback, for `porteur/testing`. What goes in and out as a whole is JSON text, the same as in the
//! core; `testing.js` parses and prints it.

use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Buffer, Unknown};
use napi_derive::napi;
use porteur::Config;

use crate::client::Client;
use crate::config::ClientOptions;
use crate::convert::{Text, Whole, argument, options_of};
use crate::errors::{Failed, throwing};

/// A simulator, until it is stopped.
#[napi]
pub struct Simulator {
    running: Option<porteur::simulator::Simulator>,
}

#[napi]
impl Simulator {
    #[napi(constructor)]
    pub fn new(env: &Env, settings: String) -> napi::Result<Self> {
        throwing(env, || {
            let settings = parsed("settings", &settings)?;
            Ok(Self { running: Some(porteur::simulator::Simulator::start(settings)?) })
        })
    }

    #[napi(getter)]
    pub fn url(&self, env: &Env) -> napi::Result<String> {
        self.with(env, |simulator| Ok(simulator.url().to_owned()))
    }

    #[napi(getter)]
    pub fn client_id(&self, env: &Env) -> napi::Result<String> {
        self.with(env, |simulator| Ok(simulator.client_id().to_owned()))
    }

    #[napi(getter)]
    pub fn client_secret(&self, env: &Env) -> napi::Result<String> {
        self.with(env, |simulator| Ok(simulator.client_secret().to_owned()))
    }

    #[napi(getter)]
    pub fn slept_ms(&self, env: &Env) -> napi::Result<Vec<f64>> {
        self.with(env, |simulator| Ok(simulator.slept().iter().map(|wait| wait.as_secs_f64() * 1e3).collect()))
    }

    #[napi(getter)]
    pub fn journal(&self, env: &Env) -> napi::Result<String> {
        self.with(env, |simulator| printed(&simulator.journal()))
    }

    #[napi(getter)]
    pub fn violations(&self, env: &Env) -> napi::Result<Vec<String>> {
        self.with(env, |simulator| Ok(simulator.violations()))
    }

    #[napi(getter)]
    pub fn state(&self, env: &Env) -> napi::Result<String> {
        self.with(env, |simulator| printed(&simulator.state()))
    }

    #[napi]
    pub fn file(&self, env: &Env, #[napi(ts_arg_type = "string")] id: Unknown<'_>) -> napi::Result<Option<Buffer>> {
        self.with(env, |simulator| {
            let id: Text = argument("id", id)?;
            Ok(simulator.file(&id.0).and_then(|file| file.bytes).map(|bytes| bytes.to_vec().into()))
        })
    }

    #[napi]
    pub fn attachment(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "string")] id: Unknown<'_>,
    ) -> napi::Result<Option<Buffer>> {
        self.with(env, |simulator| {
            let id: Text = argument("id", id)?;
            Ok(simulator.attachment(&id.0).map(|bytes| bytes.to_vec().into()))
        })
    }

    #[napi]
    pub fn add_fault(&self, env: &Env, fault: String) -> napi::Result<()> {
        self.with(env, |simulator| Ok(simulator.add_fault(parsed("fault", &fault)?)?))
    }

    #[napi]
    pub fn advance(&self, env: &Env, #[napi(ts_arg_type = "number")] by_ms: Unknown<'_>) -> napi::Result<()> {
        self.with(env, |simulator| {
            let by: Duration = argument::<Whole>("by_ms", by_ms)?.to_duration();
            Ok(simulator.advance(by)?)
        })
    }

    #[napi]
    pub fn client(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "ClientOptions")] options: Option<Unknown<'_>>,
    ) -> napi::Result<Client> {
        self.with(env, |simulator| {
            let options: ClientOptions = options_of(options)?;
            Client::from_config(options.over(Config::simulated(simulator))?)
        })
    }

    #[napi]
    pub fn stop(&mut self) {
        self.running.take();
    }
}

impl Simulator {
    fn with<T>(
        &self,
        env: &Env,
        call: impl FnOnce(&porteur::simulator::Simulator) -> Result<T, Failed>,
    ) -> napi::Result<T> {
        throwing(env, || match &self.running {
            Some(simulator) => call(simulator),
            None => Err(Failed::invalid("simulator", "expected one that runs, got one that was stopped")),
        })
    }
}

fn parsed<T: serde::de::DeserializeOwned>(field: &str, json: &str) -> Result<T, Failed> {
    serde_json::from_str(json).map_err(|error| Failed::invalid(field, error.to_string()))
}

fn printed(value: &impl serde::Serialize) -> Result<String, Failed> {
    serde_json::to_string(value).map_err(|error| Failed::Js(napi::Error::from_reason(error.to_string())))
}
