//! `POST /api/chat`: a question and its answer in one request.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{Response, sse::Event},
};
use futures::{Stream, StreamExt, stream};
use galaxy_app::{
    AppError,
    chat::Awaits,
    follow::{Following, Heard, Topic},
    quick::{Asked, Question},
};
use galaxy_domain::{Caller, ConversationId, PersonId, RunState, conversation::Speaker};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use tokio::time::Interval;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::{Policy, Routes};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::{Body, Key},
    live::{sse, wire},
    problem::Problem,
    views::run::ChatReplyView,
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes.add(Policy::SignedIn, routes!(ask)).add(Policy::SignedIn, routes!(ask_streaming))
}

/// Who said something.
#[derive(Deserialize, ToSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum TurnRole {
    /// A person.
    User,
    /// An agent.
    Assistant,
}

/// What was said before.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Turn {
    /// `user` or `assistant`.
    role: TurnRole,
    /// What they said.
    content: String,
}

/// A question.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ask {
    /// What is asked.
    message: String,
    /// On whose behalf; only the caller themselves.
    #[serde(default)]
    user_id: Option<String>,
    /// The conversation to go on with; absent begins one.
    #[serde(default)]
    #[schema(value_type = Option<uuid::Uuid>)]
    conversation_id: Option<ConversationId>,
    /// What was said before, when a conversation begins.
    #[serde(default)]
    conversation_history: Vec<Turn>,
    /// The model to answer with.
    #[serde(default)]
    model: Option<String>,
}

impl Ask {
    fn question(self, caller: &Caller, awaits: Awaits) -> Result<Question, Problem> {
        let own = |id: &str| id.parse::<PersonId>().is_ok_and(|id| id == caller.person);
        if self.user_id.as_deref().is_some_and(|id| !own(id)) {
            let wrong = AppError::invalid("/user_id", "you can ask for yourself only");
            return Err(Problem::from(wrong));
        }
        let turn = |it: Turn| match it.role {
            TurnRole::User => (Speaker::Person, it.content),
            TurnRole::Assistant => (Speaker::Agent, it.content),
        };
        Ok(Question {
            message: self.message,
            conversation: self.conversation_id,
            history: self.conversation_history.into_iter().map(turn).collect(),
            model: self.model,
            awaits,
        })
    }
}

/// Ask, and get the answer in one piece
#[utoipa::path(post, path = "/api/chat", tag = "chat", request_body = Ask,
    responses((status = 200, body = ChatReplyView), (status = "4XX", body = Problem)))]
async fn ask(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    key: Key,
    body: Body<Ask>,
) -> Result<Json<ChatReplyView>, Problem> {
    let once = key.once("POST /api/chat", &body);
    let question = body.value.question(&caller, Awaits::Answer)?;
    let asked = api.app.ask(&caller, question, once.as_ref()).await?;
    tokio::select! {
        biased;
        reply = api.app.reply(&caller, asked.run) => {
            // A run can take long, and whoever asked may have lost their rights meanwhile.
            api.app.access().recheck(&caller).await.map_err(AppError::from)?;
            Ok(Json(ChatReplyView::of(asked, &reply?)))
        }
        // The run goes on elsewhere, or after the next start; the same key finds its answer.
        () = api.backstage.stopping() => Err(stopping()),
    }
}

/// Ask, and follow the answer: the events of its run, then `chat.done` with the whole reply
#[utoipa::path(post, path = "/api/chat/stream", tag = "chat", request_body = Ask,
    responses((status = 200, body = ChatReplyView, content_type = "text/event-stream"),
        (status = "4XX", body = Problem)))]
async fn ask_streaming(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    key: Key,
    body: Body<Ask>,
) -> Result<Response, Problem> {
    let once = key.once("POST /api/chat/stream", &body);
    let question = body.value.question(&caller, Awaits::Words)?;
    let asked = api.app.ask(&caller, question, once.as_ref()).await?;
    let following = api.app.follow(&caller, Topic::Run(asked.run), 0).await?;
    let recheck = sse::rechecks();
    let answering = Answering { api, caller, asked, following, recheck, idle: 0, over: false };
    Ok(sse::respond(answering.events()))
}

fn stopping() -> Problem {
    let detail =
        "The server is stopping. Ask again, with the same Idempotency-Key if you sent one.";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail);
    Problem { retry_after: Some(1), ..problem }
}

struct Answering {
    api: Api,
    caller: Caller,
    asked: Asked,
    following: Following,
    recheck: Interval,
    /// Rechecks since the last event.
    idle: usize,
    over: bool,
}

/// The last event of a streamed answer.
#[derive(Serialize)]
struct Done {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    reply: ChatReplyView,
}

impl Answering {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        stream::unfold(self, |mut this| async move {
            let batch = this.batch().await?;
            Some((stream::iter(batch.into_iter().map(Ok)), this))
        })
        .flatten()
    }

    async fn batch(&mut self) -> Option<Vec<Event>> {
        if self.over {
            return None;
        }
        let heard = loop {
            tokio::select! {
                biased;
                () = self.api.backstage.stopping() => {
                    self.over = true;
                    return Some(vec![sse::server_stopping()]);
                }
                _ = self.recheck.tick() => {
                    self.api.app.access().recheck(&self.caller).await.ok()?;
                    self.idle += 1;
                    // A run that is put down again with the same question adds nothing to its log.
                    if self.idle > 1 && self.is_still().await {
                        return Some(self.done().await.into_iter().collect());
                    }
                }
                heard = self.following.next() => break heard,
            }
        };
        self.idle = 0;
        let Ok(Heard::Entries(entries)) = heard else { return None };
        let topic = Topic::Run(self.asked.run);
        let mut events = Vec::new();
        let mut still = false;
        for logged in &entries {
            let written = wire::write(topic, logged);
            still |= written.last || matches!(written.name, "tool.approval" | "tool.elicited");
            events.push(
                Event::default().id(written.seq.to_string()).event(written.name).data(written.json),
            );
        }
        if still && self.is_still().await {
            events.extend(self.done().await);
        }
        Some(events)
    }

    /// Whether the run rests; a question may have been answered before its event was read.
    async fn is_still(&self) -> bool {
        let state = self.api.app.run_state(&self.caller, self.asked.run).await;
        state.is_ok_and(|state| state.is_over() || state == RunState::Parked)
    }

    /// The last event.
    async fn done(&mut self) -> Option<Event> {
        self.over = true;
        let reply = self.api.app.reply(&self.caller, self.asked.run).await.ok()?;
        let done = Done { kind: "chat.done", reply: ChatReplyView::of(self.asked, &reply) };
        Some(Event::default().event("chat.done").data(wire::json(&done)))
    }
}
