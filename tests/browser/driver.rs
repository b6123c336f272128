//! A headless Chromium, driven by chromedriver in the W3C's protocol: JSON over HTTP, which takes no library of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// One window; closed when dropped.
pub struct Browser {
    agent: ureq::Agent,
    driver: Child,
    /// Address of the session.
    session: String,
    _profile: tempfile::TempDir,
}

/// Where a program lies, by one of its names.
fn program(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let files = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

impl Browser {
    /// `None` where no Chromium is installed.
    pub fn start() -> Option<Self> {
        let chromium = program(&["chromium", "chromium-browser", "google-chrome"])?;
        let mut driver = Command::new(program(&["chromedriver"])?);
        driver.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = driver.spawn().expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("piped")).lines();
        // "ChromeDriver was started successfully on port 38251."
        let port: u16 = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok())
            .expect("chromedriver says its port");
        // Read on: a full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            // What is on this machine is reached by no proxy.
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(120)));
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut browser = Self {
            agent: config.build().into(),
            driver,
            session: format!("http://127.0.0.1:{port}/session"),
            _profile: profile,
        };
        let profile = format!("--user-data-dir={}", browser._profile.path().display());
        let arguments = [
            "--headless=new",
            // Its own pages only, and root has no sandbox.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            // No network: what a page asks for is refused here, and seen.
            "--no-proxy-server",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            &profile,
        ];
        let options = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "binary": chromium, "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let session = browser.post("", &options);
        browser.session += &format!("/{}", session["sessionId"].as_str().expect("a session"));
        Some(browser)
    }

    /// Sends a command; its value.
    fn post(&self, command: &str, body: &Value) -> Value {
        let address = format!("{}{command}", self.session);
        let request = self.agent.post(&address).content_type("application/json");
        let mut response = request.send(body.to_string()).expect("chromedriver answers");
        let status = response.status();
        let text = response.body_mut().with_config().limit(1 << 28).read_to_string().expect("an answer");
        let mut answer: Value = serde_json::from_str(&text).expect("JSON");
        assert!(status.is_success(), "{command}: {text}");
        answer["value"].take()
    }

    /// A command of Chromium's own protocol.
    fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// What the next pages are shown on.
    pub fn screen(&self, scheme: &str, (width, height): (u32, u32), mobile: bool) {
        let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [feature] }));
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.devtools("Emulation.setDeviceMetricsOverride", screen);
    }

    /// Opens a file. What the page asked for elsewhere, and what stands in the console.
    pub fn open(&self, file: &Path) -> Vec<String> {
        self.log("performance");
        self.log("browser");
        let address = format!("file://{}", file.display());
        self.post("/url", &json!({ "url": address }));
        let requests = self.log("performance").into_iter().filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let asked = &message["message"];
            let url = asked["params"]["request"]["url"].as_str()?;
            let ours = url == address || url.starts_with("data:");
            (asked["method"] == "Network.requestWillBeSent" && !ours).then(|| format!("request: {url}"))
        });
        let mut all: Vec<String> = requests.collect();
        all.extend(self.log("browser").iter().map(|entry| format!("console: {}", entry["message"])));
        all
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.post("/se/log", &json!({ "type": kind }));
        log.as_array().expect("a list of entries").clone()
    }

    /// Runs a script on the page.
    pub fn script(&self, script: &str, arguments: &[Value]) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    /// The whole page, to be looked at, as PNG in base64.
    pub fn picture(&self) -> String {
        let parameters = json!({ "format": "png", "captureBeyondViewport": true });
        let picture = self.devtools("Page.captureScreenshot", parameters);
        picture["data"].as_str().expect("base64").to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Chromium ends with its session.
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
