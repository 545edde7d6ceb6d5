package dev.sparsecast.it;

import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.ConsoleMessage;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/** The system's Chromium, without a window, with one page open; it collects what the page complains about. */
final class Browser implements AutoCloseable {
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");
    private static final List<String> ARGUMENTS = List.of(
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync");

    private final Playwright playwright;
    private final Page page;
    private final List<String> complaints = new CopyOnWriteArrayList<>();

    private Browser(Playwright playwright, Page page) {
        this.playwright = playwright;
        this.page = page;
    }

    static Browser open(URI address, int width, ColorScheme colors) {
        Optional<Path> chromium = installed();
        Prerequisites.require(
                chromium.isPresent(),
                "no Chromium is on the PATH: install it (on Debian with 'apt-get install -y chromium'), or name one with"
                        + " -Dsparsecast.chromium=PATH");
        // Playwright would otherwise download a browser of its own.
        Playwright playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        try {
            Page page = playwright
                    .chromium()
                    .launch(new BrowserType.LaunchOptions()
                            .setExecutablePath(chromium.orElseThrow())
                            .setArgs(ARGUMENTS))
                    .newPage(new com.microsoft.playwright.Browser.NewPageOptions()
                            .setViewportSize(width, 900)
                            .setColorScheme(colors));
            Browser browser = new Browser(playwright, page);
            page.onPageError(browser.complaints::add);
            page.onConsoleMessage(browser::note);
            page.onRequestFailed(request -> browser.complaints.add("request failed: " + request.url()));
            page.navigate(address.toString());
            return browser;
        } catch (RuntimeException e) {
            playwright.close();
            throw e;
        }
    }

    private static Optional<Path> installed() {
        String named = System.getProperty("sparsecast.chromium");
        if (named != null) {
            return Optional.of(Path.of(named)).filter(Files::isExecutable);
        }
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(folder -> NAMES.stream().map(Path.of(folder)::resolve))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private void note(ConsoleMessage message) {
        if (message.type().equals("error") || message.type().equals("warning")) {
            complaints.add(message.text());
        }
    }

    Page page() {
        return page;
    }

    /** Errors and warnings of the page, and requests that failed. */
    List<String> complaints() {
        return List.copyOf(complaints);
    }

    @Override
    public void close() {
        playwright.close();
    }
}
