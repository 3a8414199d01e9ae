//! The HTTP server: one application, built the same for serving and for tests.

use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{Server, Service as _, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue, TRANSFER_ENCODING};
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::rt::signal;
use actix_web::{App, Error, HttpMessage, HttpServer, test, web};
use futures_util::future::select;
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::SwaggerUi;
use uuid::Uuid;

use crate::alerts;
use crate::api::digest::keeper as digests;
use crate::api::error::ApiError;
use crate::api::pieces::SentAsHead;
use crate::api::rate::Rates;
use crate::api::routes::Routes;
use crate::api::{self, ApiDoc, auth, cors, fallback, forgetting};
use crate::connections::{Connection, Connections, LINGER};
use crate::domain::key::ProjectId;
use crate::fold::erasure::keeper as erasure;
use crate::fold::retention::keeper as retention;
use crate::fold::signal::Signal;
use crate::fold::worker::Workers;
use crate::ingest::commit::Committer;
use crate::query::Sources;
use crate::query::segments::{Segments, keeper};
use crate::state::{AppState, Limits};
use crate::store::Db;
use crate::webhooks;

/// Threads that answer requests. They wait on the database elsewhere, so that few are enough.
const WORKERS: usize = 2;
/// How long requests may take to end when the server stops.
const SHUTDOWN_SECONDS: u64 = 20;
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// The description of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let (_, api) = App::new()
        .into_utoipa_app()
        .openapi(ApiDoc::openapi())
        .configure(api::configure)
        .split_for_parts();
    api
}

/// The application.
pub fn build_app(
    state: web::Data<AppState>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let routes = web::Data::new(Routes::of(&openapi()));
    App::new()
        .app_data(state)
        .app_data(routes)
        .into_utoipa_app()
        .openapi(ApiDoc::openapi())
        .configure(api::configure)
        .openapi_service(|api| SwaggerUi::new("/docs/{_:.*}").url("/openapi.json", api))
        .into_app()
        .service(web::redirect("/docs", "/docs/"))
        .default_service(web::to(fallback::answer))
        .wrap(from_fn(cors::allow))
        .wrap(from_fn(observe))
}

/// Gives each request an id, counts and times it, and logs it without its content.
async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let connection = request.conn_data::<Arc<Connection>>().cloned();
    let _work = connection.as_ref().map(Connection::work);
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let started = Instant::now();
    let id = Uuid::from_u128(rand::random());
    let state = request.app_data::<web::Data<AppState>>().cloned();
    let method = request.method().clone();
    // Answered as the GET would be; the protocol leaves the body out.
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
        request.extensions_mut().insert(SentAsHead);
    }
    let mut response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => return Err(error),
    };
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status();
    let elapsed = started.elapsed();
    // A body in chunks says nowhere how much of it is left; the web server would read on for as long as the client sends.
    if is_chunked && (status.is_client_error() || status.is_server_error()) {
        response
            .response_mut()
            .head_mut()
            .set_connection_type(ConnectionType::Close);
        if let Some(connection) = &connection {
            connection.end_soon();
        }
    }
    if let Some(state) = state {
        let error = response
            .response()
            .error()
            .and_then(|error| error.as_error::<ApiError>());
        if let Some(cause) = error.and_then(|error| error.cause.as_deref()) {
            state.refusals.note(cause);
        }
        let class = match status.as_u16() {
            200..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        state.metrics.requests.with_label_values(&[route.as_str(), class]).inc();
        state
            .metrics
            .request_seconds
            .with_label_values(&[route.as_str()])
            .observe(elapsed.as_secs_f64());
    }
    tracing::debug!(request.id = %id, %method, route, status = status.as_u16(), elapsed_ms = elapsed.as_millis() as u64, "request");
    if let Ok(value) = HeaderValue::from_str(&id.simple().to_string()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), value);
    }
    response.headers_mut().insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    Ok(response)
}

/// The application without a socket: this program reads a project through its own routes, as whoever reaches the database may. Gives
/// the status and the body of each path.
pub fn reader(
    db: &Db,
    segments: Segments,
    limits: &Limits,
    project: ProjectId,
) -> anyhow::Result<impl Fn(&str) -> anyhow::Result<(u16, Vec<u8>)> + use<>> {
    let committer = Committer::start(db, &Signal::default());
    let state = AppState::new(db.clone(), committer, Arc::new(Sources::new(segments)), limits)?;
    let system = actix_web::rt::System::new();
    let app = system.block_on(test::init_service(build_app(web::Data::new(state))));
    Ok(move |path: &str| {
        system.block_on(async {
            let request = test::TestRequest::get().uri(path).to_request();
            auth::admit_operator(&request, project);
            let answer = app.call(request).await.map_err(|error| anyhow::anyhow!("{error}"))?;
            let status = answer.status().as_u16();
            let body = to_bytes(answer.into_body()).await;
            Ok((
                status,
                body.map_err(|_| anyhow::anyhow!("the answer ended early"))?.to_vec(),
            ))
        })
    })
}

/// Who folds what a server stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Folding {
    /// The server itself, beside whoever else does.
    Here,
    /// Other processes on the same database.
    Elsewhere,
}

/// Everything that runs: the log's writers, the fold, and what requests share.
pub struct Service {
    state: web::Data<AppState>,
    signal: Signal,
    folding: Option<Workers>,
    connections: Connections,
}

impl Service {
    /// Starts without rate limits, and without keeping segments.
    pub fn start(db: Db) -> anyhow::Result<Service> {
        Service::start_with(
            db,
            Segments::default(),
            &Limits::with_rates(Rates::UNLIMITED),
            Folding::Here,
        )
    }

    pub fn start_with(db: Db, segments: Segments, limits: &Limits, folding: Folding) -> anyhow::Result<Service> {
        let signal = Signal::default();
        let committer = Committer::start(&db, &signal);
        let sources = Arc::new(Sources::new(segments));
        keeper::start(db.clone(), Arc::clone(&sources), signal.clone());
        retention::start(db.clone(), signal.clone());
        let state = web::Data::new(AppState::new(db.clone(), committer, Arc::clone(&sources), limits)?);
        alerts::start(db.clone(), sources, state.posting.clone(), signal.clone());
        webhooks::start(&db, &limits.outgoing, &state.posting, &signal);
        erasure::start(db.clone(), state.erasing.clone(), signal.clone());
        forgetting::start(state.clone(), signal.clone());
        digests::start(state.clone(), signal.clone())?;
        let folding = (folding == Folding::Here).then(|| Workers::start(&db, &signal));
        Ok(Service {
            state,
            signal,
            folding,
            connections: Connections::new(limits.connections),
        })
    }

    pub fn committer(&self) -> Committer {
        self.state.committer.clone()
    }

    /// The HTTP server on a bound socket. It runs while it is polled.
    pub fn http(&self, listener: TcpListener, handles_signals: bool) -> std::io::Result<Server> {
        let state = self.state.clone();
        let connections = self.connections.clone();
        // Ends with the runtime that serves.
        actix_web::rt::spawn(connections.clone().watch());
        if handles_signals {
            let state = self.state.clone();
            // Those who wait for new numbers would hold the end up.
            actix_web::rt::spawn(async move {
                if told_to_stop().await.is_ok() {
                    state.positions.close();
                }
            });
        }
        let server = HttpServer::new(move || build_app(state.clone()))
            .workers(WORKERS)
            // An answer never waits for the client to acknowledge the one before it.
            .tcp_nodelay(true)
            .keep_alive(KEEP_ALIVE)
            // Of the first request of a connection only; later ones are watched by `Connections`.
            .client_request_timeout(self.state.patience)
            .client_disconnect_timeout(LINGER)
            .max_connections(connections.most() / WORKERS)
            .on_connect(move |socket, data| {
                let socket = socket.downcast_ref::<TcpStream>();
                if let Some(connection) = socket.and_then(|socket| connections.add(socket)) {
                    data.insert(connection);
                }
            })
            .shutdown_timeout(SHUTDOWN_SECONDS);
        let server = if handles_signals {
            server
        } else {
            server.disable_signals()
        };
        Ok(server.listen(listener)?.run())
    }

    /// Ends the fold after the steps it is at.
    pub fn stop(self) {
        self.signal.stop();
        self.folding.into_iter().for_each(Workers::join);
    }
}

/// Folds, and does nothing else, until the process is told to stop.
pub fn fold(db: Db) -> anyhow::Result<()> {
    let signal = Signal::default();
    let workers = Workers::start(&db, &signal);
    let told = actix_web::rt::System::new().block_on(told_to_stop());
    signal.stop();
    workers.join();
    Ok(told?)
}

async fn told_to_stop() -> std::io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    let (interrupted, terminated) = (pin!(signal::ctrl_c()), pin!(terminate.recv()));
    select(interrupted, terminated).await;
    Ok(())
}

/// Serves on a bound socket until the process is told to stop. `listening` runs beside the server once it answers; if it
/// fails, the server stops.
pub fn serve(
    db: Db,
    segments: Segments,
    limits: &Limits,
    folding: Folding,
    listener: TcpListener,
    listening: impl FnOnce(Committer) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    let service = Service::start_with(db, segments, limits, folding)?;
    let outcome = actix_web::rt::System::new().block_on(async {
        let server = service.http(listener, true)?;
        let handle = server.handle();
        let committer = service.committer();
        let beside = actix_web::rt::spawn(async move {
            let outcome = tokio::task::spawn_blocking(move || listening(committer)).await;
            let outcome = outcome.unwrap_or_else(|panic| Err(anyhow::anyhow!("starting up ended in a panic: {panic}")));
            if outcome.is_err() {
                handle.stop(false).await;
            }
            outcome
        });
        server.await?;
        // A server that was told to stop does not wait for what runs beside it.
        if beside.is_finished() { beside.await? } else { Ok(()) }
    });
    service.stop();
    outcome
}
