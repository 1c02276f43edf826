//! The simulator, asked by a client that does as it is told, right or wrong.

mod audit;
mod contract;
mod conversations;
mod endpoints;
mod faults;
mod history;
mod hosting;
mod rates;

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap};
use serde_json::{Value, json};

use super::{JournalEntry, Outcome, Simulator};

/// 19 bytes: three chunks of 8.
const TEXT: &[u8] = b"0123456789abcdefXYZ";

struct Caller {
    simulator: Simulator,
    http: reqwest::Client,
    token: String,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

struct Session {
    id: String,
    url: String,
    part_urls: Vec<String>,
}

impl Caller {
    /// A platform with chunks of 8 bytes, `settings`, and a token for it.
    async fn new(mut settings: Value) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        if settings.get("chunk_size").is_none() {
            settings["chunk_size"] = json!(8);
        }
        let simulator = Simulator::start(serde_json::from_value(settings).unwrap()).unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut caller = Self { simulator, http, token: String::new() };
        caller.token = caller.ask_token("grant_type=client_credentials").await.json()["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        caller
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap()
    }

    async fn try_send(&self, request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }

    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        self.http.request(method, format!("{}{path}", self.simulator.url()))
    }

    async fn ask_token(&self, form: &'static str) -> Answer {
        let request = self.request("POST", "/oauth/token").basic_auth("simulator", Some("simulator-secret"));
        self.send(request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)).await
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = self.request("POST", path).header(CONTENT_TYPE, "application/json");
        request.bearer_auth(token).body(body.to_string())
    }

    async fn api(&self, path: &str, body: Value) -> Answer {
        self.send(self.post(path, &self.token, &body)).await
    }

    async fn initiate(&self, size: usize) -> Session {
        let wish = json!({ "fileName": "notes.txt", "contentType": "text/plain", "totalSize": size });
        let answer = self.api("/api/v2/files/uploads", wish).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let session = answer.json();
        let part_urls = session["partUrls"].as_array().into_iter().flatten();
        Session {
            id: session["uploadId"].as_str().unwrap().to_owned(),
            url: session["presignedUrl"].as_str().unwrap_or_default().to_owned(),
            part_urls: part_urls.map(|url| url.as_str().unwrap().to_owned()).collect(),
        }
    }

    fn range(&self, session: &Session, range: &str, body: &[u8]) -> reqwest::RequestBuilder {
        let request = self.http.put(&session.url).header(CONTENT_TYPE, "text/plain");
        let request = request.header(CONTENT_RANGE, format!("bytes {range}"));
        // Named, since reqwest leaves it out for an empty body.
        request.header(CONTENT_LENGTH, body.len()).body(body.to_vec())
    }

    async fn put(&self, session: &Session, range: &str, body: &[u8]) -> Answer {
        self.send(self.range(session, range, body)).await
    }

    /// All three chunks of [`TEXT`].
    async fn put_all(&self, session: &Session) {
        for (range, chunk) in ["0-7/19", "8-15/19", "16-18/19"].into_iter().zip(TEXT.chunks(8)) {
            self.put(session, range, chunk).await;
        }
    }

    async fn complete(&self, session: &Session, checksums: Value) -> Answer {
        let path = format!("/api/v2/files/uploads/{}/complete", session.id);
        self.api(&path, json!({ "checksums": checksums, "contentType": "text/plain" })).await
    }

    async fn guest(&self) -> (String, String) {
        let body = json!({ "language": "en", "metadata": { "source": "web" } });
        let guest = self.api("/api/v2/conversations/messaging/guests", body).await.json();
        (guest["id"].as_str().unwrap().to_owned(), guest["token"].as_str().unwrap().to_owned())
    }

    async fn message(&self, token: &str, guest: &str, file: &str) -> Answer {
        let body =
            json!({ "guestId": guest, "to": ["queue"], "text": "hi", "attachments": [{ "id": file, "name": "a" }] });
        self.send(self.post("/api/v2/conversations/messaging/messages", token, &body)).await
    }

    async fn say(&self, conversation: &str, client_id: &str, message: &Value) -> Answer {
        let path = format!("/api/v2/conversations/{conversation}/messages");
        self.send(self.post(&path, &self.token, message).header("X-Genesys-Client-Id", client_id)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path).bearer_auth(&self.token)).await
    }

    /// What was sent in a conversation, counted from 0.
    fn sent(&self, conversation: usize) -> Value {
        serde_json::to_value(self.simulator.state()).unwrap()["conversations"][conversation]["messages"].clone()
    }

    fn last(&self) -> JournalEntry {
        self.simulator.journal().pop().unwrap()
    }

    /// The one breach that was seen.
    fn breach(&self) -> String {
        match &self.simulator.violations()[..] {
            [one] => one.clone(),
            other => panic!("expected one violation, got {other:?}"),
        }
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("expected JSON: {self:?}"))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// A message that the platform's own conversation takes.
fn text() -> Value {
    json!({ "from": "agent@example.com", "to": ["customer@example.com"], "type": "text/plain", "content": "hello" })
}

/// [`text`] with these members instead.
fn text_with(members: Value) -> Value {
    let mut message = text();
    for (name, value) in members.as_object().unwrap() {
        message[name] = value.clone();
    }
    message
}

/// The status and the field of a refusal.
fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["details"][0]["fieldName"].as_str().unwrap_or_default().to_owned())
}

fn sums_of_text() -> Value {
    json!(checksums(&TEXT.chunks(8).collect::<Vec<_>>()))
}

/// SHA-256 by the crate alone, so that the kernels do not vouch for themselves.
fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn checksums(chunks: &[&[u8]]) -> Vec<String> {
    chunks.iter().map(|chunk| format!("sha256:{}", sha256_hex(chunk))).collect()
}
