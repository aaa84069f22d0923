//! `/api/audit`: what happened. There is no route that writes a record.

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderName, StatusCode},
};
use galaxy_app::audit::{Cursor, Format, Wanted, Whose};
use galaxy_domain::{
    Caller, PersonId, RunId,
    audit::{Act, Ending},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::{Policy, Routes, conversations::page_size, export::download, tasks::moment};
use crate::{
    api::Api,
    caller::Authenticated,
    extract::Query,
    problem::Problem,
    views::audit::{AuditPageView, AuditStateView},
};

pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .add(Policy::Admin, routes!(list))
        .add(Policy::InPerson, routes!(list_own))
        .add(Policy::Admin, routes!(state))
        .add(Policy::Admin, routes!(check))
        .add(Policy::Admin, routes!(export))
}

/// Which records.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Listing {
    /// Those of a person.
    #[serde(default)]
    #[param(value_type = Option<uuid::Uuid>)]
    person: Option<PersonId>,
    /// Those of an act, such as `key.created`.
    #[serde(default)]
    act: Option<String>,
    /// Those that ended so, such as `refused`.
    #[serde(default)]
    ending: Option<String>,
    /// Those about a thing: its id, or the name of a tool.
    #[serde(default)]
    subject: Option<String>,
    /// Those of a run.
    #[serde(default)]
    #[param(value_type = Option<uuid::Uuid>)]
    run: Option<RunId>,
    /// Those of this moment and later.
    #[serde(default)]
    from: Option<String>,
    /// Those before this moment.
    #[serde(default)]
    until: Option<String>,
    /// Where to begin: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// How many at most.
    #[serde(default)]
    limit: Option<usize>,
}

impl Listing {
    fn wanted(&self) -> Result<Wanted, Problem> {
        let unknown = |what: &str| Problem::invalid(format!("There is no such {what}."));
        let act = self.act.as_deref().map(|it| Act::parse(it).ok_or_else(|| unknown("act")));
        let ending = self.ending.as_deref();
        let ending = ending.map(|it| Ending::parse(it).ok_or_else(|| unknown("ending")));
        let from = self.from.as_deref().map(|it| moment("/from", it));
        let until = self.until.as_deref().map(|it| moment("/until", it));
        Ok(Wanted {
            person: self.person,
            act: act.transpose()?,
            subject: self.subject.clone(),
            run: self.run,
            ending: ending.transpose()?,
            from: from.transpose()?,
            until: until.transpose()?,
        })
    }
}

async fn page(
    api: &Api,
    caller: &Caller,
    whose: Whose,
    listing: &Listing,
) -> Result<Json<AuditPageView>, Problem> {
    let wanted = listing.wanted()?;
    let cursor = listing.cursor.as_deref().map(|it| {
        Cursor::parse(it).ok_or_else(|| Problem::invalid("This cursor is none of ours."))
    });
    let limit = page_size(listing.limit);
    let records = api.app.audit(caller, whose, &wanted, cursor.transpose()?, limit).await?;
    Ok(Json(records.into()))
}

/// List what happened in the workspace, the newest first
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Listing),
    responses((status = 200, body = AuditPageView), (status = "4XX", body = Problem)))]
async fn list(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<AuditPageView>, Problem> {
    page(&api, &caller, Whose::Everybodys, &listing).await
}

/// List what was done in one's own name, the newest first
#[utoipa::path(get, path = "/api/audit/own", tag = "audit", params(Listing),
    responses((status = 200, body = AuditPageView), (status = "4XX", body = Problem)))]
async fn list_own(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(listing): Query<Listing>,
) -> Result<Json<AuditPageView>, Problem> {
    page(&api, &caller, Whose::Own, &listing).await
}

/// Say whether the records are as they were written, as far as that is known
#[utoipa::path(get, path = "/api/audit/state", tag = "audit",
    responses((status = 200, body = AuditStateView), (status = "4XX", body = Problem)))]
async fn state(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<Json<AuditStateView>, Problem> {
    Ok(Json(api.app.audit_state(&caller)?.into()))
}

/// Begin to read all records; what is found is in the state of the log
#[utoipa::path(post, path = "/api/audit/check", tag = "audit",
    responses((status = 202, body = AuditStateView), (status = "4XX", body = Problem)))]
async fn check(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
) -> Result<(StatusCode, Json<AuditStateView>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(api.app.check_audit(&caller)?.into())))
}

/// How to write records down.
#[derive(Deserialize, ToSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum FormatName {
    /// A JSON object a line.
    Jsonl,
    /// Comma-separated values.
    Csv,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Exporting {
    /// `jsonl` or `csv`.
    #[param(inline)]
    format: FormatName,
    /// Those of this moment and later.
    #[serde(default)]
    from: Option<String>,
    /// Those before this moment.
    #[serde(default)]
    until: Option<String>,
}

/// Save what happened as a file, the newest first
#[utoipa::path(get, path = "/api/audit/export", tag = "audit", params(Exporting),
    responses((status = 200, body = String), (status = "4XX", body = Problem)))]
async fn export(
    State(api): State<Api>,
    Authenticated(caller): Authenticated,
    Query(Exporting { format, from, until }): Query<Exporting>,
) -> Result<([(HeaderName, String); 2], Body), Problem> {
    let format = match format {
        FormatName::Jsonl => Format::Lines,
        FormatName::Csv => Format::Table,
    };
    let from = from.map(|it| moment("/from", &it)).transpose()?;
    let until = until.map(|it| moment("/until", &it)).transpose()?;
    let wanted = Wanted { from, until, ..Wanted::default() };
    Ok(download(api.app.export_audit(&caller, wanted, format).await?))
}
