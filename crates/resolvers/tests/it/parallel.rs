//! How many calls run at the same time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::{App, HttpResponse, HttpServer, web};
use resolvers::Answers;
use tokio::sync::Barrier;

use crate::peer::{all, online, ror, settings};

#[derive(Default)]
struct Load {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// Every call waits at the server until as many came as may run together, which would wait for ever
/// if fewer did; and no more come.
#[actix_web::test]
async fn as_many_as_allowed_run_together() {
    const TOGETHER: usize = 3;
    let barrier = web::Data::new(Barrier::new(TOGETHER));
    let load = web::Data::from(Arc::new(Load::default()));
    let shared = (barrier.clone(), load.clone());
    let server = HttpServer::new(move || {
        let handler = |barrier: web::Data<Barrier>, load: web::Data<Load>| async move {
            let now = load.now.fetch_add(1, Ordering::SeqCst) + 1;
            load.most.fetch_max(now, Ordering::SeqCst);
            barrier.wait().await;
            load.now.fetch_sub(1, Ordering::SeqCst);
            HttpResponse::Ok().finish()
        };
        App::new()
            .app_data(shared.0.clone())
            .app_data(shared.1.clone())
            .default_service(web::to(handler))
    })
    .workers(1)
    .disable_signals()
    .bind(("127.0.0.1", 0))
    .unwrap();
    let url = format!("http://{}", server.addrs()[0]);
    let server = server.run();
    let handle = server.handle();
    actix_web::rt::spawn(server);

    let mut settings = settings(&url);
    settings.parallel = TOGETHER;
    let resolvers = online(settings);
    let codes = |from: usize| {
        let ids: Vec<_> = (from..from + 2 * TOGETHER)
            .map(|n| ror(&n.to_string()))
            .collect();
        all(&ids)
    };
    // Two requests at once share the bound.
    let first = resolvers.ask("us", codes(0));
    let (first, second) = tokio::join!(first, resolvers.ask("you", codes(100)));
    assert_eq!(
        (first, second),
        (Ok(Answers::default()), Ok(Answers::default()))
    );
    assert_eq!(load.most.load(Ordering::SeqCst), TOGETHER);
    handle.stop(false).await;
}
