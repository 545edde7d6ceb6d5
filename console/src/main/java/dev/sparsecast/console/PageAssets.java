package dev.sparsecast.console;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** The files of the page, read once from the jars: a fixed list, so that no path of a request ever reaches a file system. */
final class PageAssets {
    private static final String PAGE = "/dev/sparsecast/console/page/";
    private static final String UPLOT_VERSION = "/META-INF/maven/org.webjars.npm/uplot/pom.properties";
    private static final List<String> FILES = List.of(
            "index.html",
            "console.css",
            "icon.svg",
            "main.js",
            "dom.js",
            "format.js",
            "palette.js",
            "tooltip.js",
            "table.js",
            "pipeline.js",
            "throughput.js",
            "workers.js",
            "story.js",
            "groups.js",
            "drift.js",
            "heat.js",
            "releases.js",
            "deployments.js",
            "troubles.js");

    private final Map<String, Asset> byPath;

    /**
     * A file of the page.
     *
     * @param tag changes with its content
     */
    record Asset(String type, byte[] content, String tag) {}

    private PageAssets(Map<String, Asset> byPath) {
        this.byPath = Map.copyOf(byPath);
    }

    static PageAssets load() {
        Map<String, Asset> assets = new HashMap<>();
        for (String file : FILES) {
            assets.put("/" + file, asset(file, PAGE + file));
        }
        assets.put("/", asset("index.html", PAGE + "index.html"));
        String uplot = "/META-INF/resources/webjars/uplot/" + uplotVersion() + "/dist/";
        assets.put("/uplot.js", asset("uplot.js", uplot + "uPlot.esm.js"));
        assets.put("/uplot.css", asset("uplot.css", uplot + "uPlot.min.css"));
        return new PageAssets(assets);
    }

    Optional<Asset> find(String path) {
        return Optional.ofNullable(byPath.get(path));
    }

    java.util.Set<String> paths() {
        return byPath.keySet();
    }

    private static Asset asset(String name, String resource) {
        byte[] content = read(resource);
        return new Asset(type(name), content, "\"" + digest(content) + "\"");
    }

    private static String uplotVersion() {
        Properties properties = new Properties();
        try {
            properties.load(new java.io.StringReader(new String(read(UPLOT_VERSION), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
        return properties.getProperty("version", "");
    }

    private static byte[] read(String resource) {
        try (InputStream stream = PageAssets.class.getResourceAsStream(resource)) {
            if (stream == null) {
                throw new ConsoleException("The console's file " + resource + " is missing from the installation;"
                        + " install Sparsecast again.");
            }
            return stream.readAllBytes();
        } catch (IOException e) {
            throw new ConsoleException("The console's file " + resource + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static String type(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> throw new IllegalArgumentException("no media type is known for " + name);
        };
    }

    private static String digest(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
