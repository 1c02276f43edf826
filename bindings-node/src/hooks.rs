//! What this side asks of `native.js`, one set for each environment: the main thread and every worker have their own.

use napi::bindgen_prelude::{
    FnArgs, FromNapiValue, Function, JsObjectValue as _, JsValuesTupleIntoVec, Object, ObjectRef,
};
use napi::{Env, Result};
use napi_derive::napi;

/// The hooks of one environment.
struct Hooks(ObjectRef<false>);

/// Called once by `native.js` with the functions that [`call`] names.
#[napi(skip_typescript)]
pub fn install(env: &Env, hooks: Object<'_>) -> Result<()> {
    env.set_instance_data(Hooks(hooks.create_ref()?), (), |_| {})
}

/// Calls the hook `name`; what it throws comes back as the error.
pub(crate) fn call<Args, Return>(env: &Env, name: &str, args: Args) -> Result<Return>
where
    FnArgs<Args>: JsValuesTupleIntoVec,
    Return: FromNapiValue,
{
    let Some(hooks) = env.get_instance_data::<Hooks>()? else {
        return Err(napi::Error::from_reason("the native part was loaded without native.js"));
    };
    let hook: Function<'_, FnArgs<Args>, Return> = hooks.0.get_value(env)?.get_named_property(name)?;
    hook.call(FnArgs { data: args })
}
