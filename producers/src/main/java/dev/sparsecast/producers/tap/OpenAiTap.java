package dev.sparsecast.producers.tap;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sparsecast.producers.PromptProducer;
import dev.sparsecast.producers.PromptSourceException;
import dev.sparsecast.schemas.Names;
import dev.sparsecast.schemas.Prompt;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Takes copies of live requests: whoever mirrors its traffic to {@code POST /v1/completions} and {@code POST
 * /v1/chat/completions} here is answered 202 at once with the prompts' ids, and the texts become prompts. The language is
 * that of the header {@code x-sparsecast-language}, or of the last fenced code block with a known tag, or the default; the
 * domain that of {@code x-sparsecast-domain} or the default. The source is a keyed hash of {@code user}. The caller never
 * waits for the broker: when too many prompts wait for it already, the answer is 503.
 */
public final class OpenAiTap implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OpenAiTap.class);
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String LANGUAGE = "x-sparsecast-language";
    private static final String DOMAIN = "x-sparsecast-domain";
    private static final int SOURCE_BYTES = 8;

    private final TapSettings settings;
    private final SendQueue queue;
    private final HttpServer server;
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();

    /**
     * What the tap has done.
     *
     * @param accepted prompts taken
     * @param refused requests answered with an error
     * @param sent prompts that are safe in their topics
     * @param lost prompts that were taken but could not be sent
     */
    public record Counts(long accepted, long refused, long sent, long lost) {}

    private OpenAiTap(TapSettings settings, PromptSink sink) throws IOException {
        this.settings = settings;
        this.queue = new SendQueue(settings.queue(), sink);
        this.server = HttpServer.create(new InetSocketAddress(settings.host(), settings.port()), 0);
        server.setExecutor(executor);
        server.createContext("/", exchange -> answer(exchange, null));
        server.createContext("/v1/completions", exchange -> answer(exchange, CompletionRequest::completion));
        server.createContext("/v1/chat/completions", exchange -> answer(exchange, CompletionRequest::chat));
    }

    /**
     * Listens, and sends with a producer, which stays the caller's to close.
     *
     * @throws PromptSourceException if the port is in use
     */
    public static OpenAiTap start(TapSettings settings, PromptProducer producer) {
        return start(settings, (PromptSink) prompts -> producer.send(prompts, Double.POSITIVE_INFINITY, sent -> {}));
    }

    /** Listens, and sends to a sink, one batch at a time. */
    public static OpenAiTap start(TapSettings settings, PromptSink sink) {
        try {
            OpenAiTap tap = new OpenAiTap(settings, sink);
            tap.queue.start();
            tap.server.start();
            log.atInfo().addKeyValue("address", tap.address()).log("The tap listens");
            return tap;
        } catch (IOException e) {
            throw new PromptSourceException(
                    "the tap cannot listen on port " + settings.port() + " of " + settings.host()
                            + ": it is in use or not allowed; stop what uses it or choose another",
                    e);
        }
    }

    /** Where it listens. */
    public URI address() {
        return URI.create(
                "http://" + settings.host() + ":" + server.getAddress().getPort() + "/");
    }

    public Counts counts() {
        return new Counts(accepted.get(), refused.get(), queue.sent(), queue.lost());
    }

    private void answer(HttpExchange exchange, @Nullable Function<byte[], CompletionRequest> parse) throws IOException {
        try (exchange) {
            // A context also gets what lies below its path.
            String path = exchange.getRequestURI().getPath();
            if (parse == null || !path.equals(exchange.getHttpContext().getPath())) {
                refuse(exchange, 404, "there is nothing here; the tap takes /v1/completions and /v1/chat/completions");
            } else if (!exchange.getRequestMethod().equals("POST")) {
                exchange.getResponseHeaders().set("Allow", "POST");
                refuse(exchange, 405, "the tap takes POST only");
            } else {
                take(exchange, parse);
            }
        }
    }

    private void take(HttpExchange exchange, Function<byte[], CompletionRequest> parse) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(settings.largestBody() + 1);
        if (body.length > settings.largestBody()) {
            refuse(exchange, 413, "the body has more than " + settings.largestBody() + " bytes");
            return;
        }
        try {
            List<Prompt> prompts = prompts(exchange, parse.apply(body));
            if (queue.offer(prompts)) {
                accepted.addAndGet(prompts.size());
                List<String> ids = prompts.stream().map(Prompt::id).toList();
                respond(exchange, 202, Map.of("id", ids.getFirst(), "ids", ids));
            } else {
                exchange.getResponseHeaders().set("Retry-After", "1");
                refuse(exchange, 503, "too many prompts wait for the broker; send again later or drop this copy");
            }
        } catch (BadRequestException e) {
            refuse(exchange, 400, String.valueOf(e.getMessage()));
        }
    }

    private List<Prompt> prompts(HttpExchange exchange, CompletionRequest request) {
        String domain = header(exchange, DOMAIN, settings.defaultDomain());
        String source = request.user().isEmpty() ? "" : hash(request.user());
        List<Prompt> prompts = new ArrayList<>();
        for (String text : request.texts()) {
            String language = header(
                    exchange, LANGUAGE, CompletionRequest.languageOf(text).orElse(settings.defaultLanguage()));
            if (!settings.languages().isEmpty() && !settings.languages().contains(language)) {
                throw new BadRequestException("there is no topic for the language '" + language + "'; there are "
                        + String.join(
                                ", ", settings.languages().stream().sorted().toList()));
            }
            prompts.add(new Prompt(UUID.randomUUID().toString(), language, domain, text, source, Map.of()));
        }
        return prompts;
    }

    private static String header(HttpExchange exchange, String name, String otherwise) {
        String value = exchange.getRequestHeaders().getFirst(name);
        if (value == null) {
            return otherwise;
        }
        String label = value.strip().toLowerCase(Locale.ROOT);
        if (!Names.isLabel(label)) {
            throw new BadRequestException("the header " + name + " is not a valid name: use a-z, 0-9, '_' and '-'");
        }
        return label;
    }

    private String hash(String user) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(settings.userKey().getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(user.getBytes(StandardCharsets.UTF_8)), 0, SOURCE_BYTES);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    private void refuse(HttpExchange exchange, int status, String reason) throws IOException {
        refused.incrementAndGet();
        respond(exchange, status, Map.of("error", Map.of("message", reason)));
    }

    private static void respond(HttpExchange exchange, int status, Map<String, ?> content) throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(content);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /** Stops listening and sends what was taken. */
    @Override
    public void close() {
        server.stop(1);
        executor.close();
        queue.close();
    }
}
