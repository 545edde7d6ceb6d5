package dev.sparsecast.producers.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sparsecast.producers.PromptSourceException;
import dev.sparsecast.schemas.Prompt;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenAiTapTest {
    private static final String COMPLETION = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";

    private final BlockingQueue<Prompt> sent = new LinkedBlockingQueue<>();
    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void aCompletionBecomesAPromptWhoseIdIsTheAnswer() throws Exception {
        try (OpenAiTap tap = tap()) {
            HttpResponse<String> response = post(
                    tap,
                    COMPLETION,
                    "{\"prompt\": \"fn main\", \"user\": \"alice\"}",
                    "x-sparsecast-language",
                    "rust",
                    "x-sparsecast-domain",
                    "games");
            assertThat(response.statusCode()).isEqualTo(202);
            Prompt prompt = next();
            assertThat(response.body()).contains(prompt.id());
            assertThat(prompt.text()).isEqualTo("fn main");
            assertThat(prompt.language()).isEqualTo("rust");
            assertThat(prompt.domain()).isEqualTo("games");
        }
    }

    @Test
    void aChatIsTheTextOfItsMessagesInTheLanguageOfItsLastCodeBlock() throws Exception {
        try (OpenAiTap tap = tap()) {
            post(tap, CHAT, """
                    {"messages": [
                      {"role": "system", "content": "Be brief."},
                      {"role": "user", "content": [
                        {"type": "text", "text": "```py\\nx = 1\\n```\\n```c++\\nint x;\\n```\\n```unknown\\n?\\n```"},
                        {"type": "image_url", "image_url": {"url": "data:"}}]},
                      {"role": "assistant", "content": null}]}""");
            Prompt prompt = next();
            assertThat(prompt.text()).startsWith("Be brief.\n\n```py").endsWith("```");
            assertThat(prompt.language()).isEqualTo("cpp");
            assertThat(prompt.domain()).isEqualTo("code");
            assertThat(prompt.source()).isEmpty();
        }
    }

    @Test
    void severalTextsAreSeveralPromptsInTheDefaultLanguage() throws Exception {
        try (OpenAiTap tap = tap()) {
            post(tap, COMPLETION, "{\"prompt\": [\"one\", \" \", \"two\"]}");
            assertThat(List.of(next(), next())).extracting(Prompt::text).containsExactly("one", "two");
            assertThat(sent).isEmpty();
        }
    }

    @Test
    void usersAreToldApartButNotNamed() throws Exception {
        try (OpenAiTap tap = tap()) {
            for (String user : List.of("alice", "bob", "alice")) {
                post(tap, COMPLETION, "{\"prompt\": \"p\", \"user\": \"" + user + "\"}");
            }
            Prompt alice = next();
            Prompt bob = next();
            assertThat(next().source()).isEqualTo(alice.source()).isNotEqualTo(bob.source());
            assertThat(alice.source()).matches("[0-9a-f]{16}");
        }
        try (OpenAiTap other = OpenAiTap.start(TapSettings.onPort(0, "python").withUserKey("k"), sent::addAll);
                OpenAiTap another =
                        OpenAiTap.start(TapSettings.onPort(0, "python").withUserKey("l"), sent::addAll)) {
            post(other, COMPLETION, "{\"prompt\": \"p\", \"user\": \"alice\"}");
            String one = next().source();
            post(another, COMPLETION, "{\"prompt\": \"p\", \"user\": \"alice\"}");
            assertThat(next().source()).as("with another key").isNotEqualTo(one);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "/v1/completions|{\"prompt\": |400|no JSON object",
                "/v1/completions|[]|400|no JSON object",
                "/v1/completions|{}|400|'prompt' is missing",
                "/v1/completions|{\"prompt\": [1, 2]}|400|token ids",
                "/v1/completions|{\"prompt\": \"\"}|400|no text",
                "/v1/chat/completions|{\"prompt\": \"p\"}|400|'messages' is missing",
                "/v1/chat/completions|{\"messages\": []}|400|no text",
                "/v1/chat/completions|{\"messages\": [5, {\"content\": {}}]}|400|no text",
                "/v1/completions/x|{\"prompt\": \"p\"}|404|nothing here",
                "/v1/embeddings|{\"input\": \"p\"}|404|nothing here",
            })
    void whatIsNoPromptIsRefusedWithOneSentence(String path, String body, int status, String reason) throws Exception {
        try (OpenAiTap tap = tap()) {
            HttpResponse<String> response = post(tap, path, body);
            assertThat(response.statusCode()).isEqualTo(status);
            assertThat(response.body()).contains("\"message\"").contains(reason);
            assertThat(tap.counts()).isEqualTo(new OpenAiTap.Counts(0, 1, 0, 0));
        }
    }

    @Test
    void headersMustNameWhatThereIsATopicFor() throws Exception {
        TapSettings settings = TapSettings.onPort(0, "python").withLanguages(Set.of("python", "java"));
        try (OpenAiTap tap = OpenAiTap.start(settings, sent::addAll)) {
            assertThat(post(tap, COMPLETION, "{\"prompt\": \"p\"}", "x-sparsecast-language", "../x")
                            .body())
                    .contains("x-sparsecast-language");
            HttpResponse<String> unknown =
                    post(tap, COMPLETION, "{\"prompt\": \"p\"}", "x-sparsecast-language", "cobol");
            assertThat(unknown.statusCode()).isEqualTo(400);
            assertThat(unknown.body()).contains("'cobol'; there are java, python");
        }
    }

    @Test
    void tooLargeABodyIsRefused() throws Exception {
        try (OpenAiTap tap = OpenAiTap.start(TapSettings.onPort(0, "python").withLimits(10, 100), sent::addAll)) {
            String body = "{\"prompt\": \"" + "x".repeat(200) + "\"}";
            assertThat(post(tap, COMPLETION, body).statusCode()).isEqualTo(413);
        }
    }

    @Test
    void otherMethodsAreNotAllowed() throws Exception {
        try (OpenAiTap tap = tap()) {
            HttpRequest get =
                    HttpRequest.newBuilder(tap.address().resolve(COMPLETION)).build();
            HttpResponse<String> response = client.send(get, HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(405);
            assertThat(response.headers().firstValue("Allow")).contains("POST");
        }
    }

    @Test
    void aFullQueueTurnsAwayAtOnceAndLosesNothingThatWasTaken() throws Exception {
        CountDownLatch brokerAnswers = new CountDownLatch(1);
        CountDownLatch sending = new CountDownLatch(1);
        PromptSink slow = prompts -> {
            sending.countDown();
            try {
                brokerAnswers.await();
            } catch (InterruptedException e) {
                throw new PromptSourceException("interrupted", e);
            }
            sent.addAll(prompts);
        };
        OpenAiTap tap = OpenAiTap.start(TapSettings.onPort(0, "python").withLimits(2, 1000), slow);
        try (tap) {
            assertThat(post(tap, COMPLETION, "{\"prompt\": \"0\"}").statusCode())
                    .isEqualTo(202);
            sending.await();
            assertThat(post(tap, COMPLETION, "{\"prompt\": \"1\"}").statusCode())
                    .isEqualTo(202);
            assertThat(post(tap, COMPLETION, "{\"prompt\": \"2\"}").statusCode())
                    .isEqualTo(202);
            HttpResponse<String> full = post(tap, COMPLETION, "{\"prompt\": \"3\"}");
            assertThat(full.statusCode()).isEqualTo(503);
            assertThat(full.headers().firstValue("Retry-After")).isPresent();
            brokerAnswers.countDown();
        }
        assertThat(sent).extracting(Prompt::text).containsExactly("0", "1", "2");
        assertThat(tap.counts()).isEqualTo(new OpenAiTap.Counts(3, 1, 3, 0));
    }

    @Test
    void whatCannotBeSentIsCountedAndTheTapGoesOn() throws Exception {
        PromptSink failing = prompts -> {
            if (prompts.getFirst().text().equals("bad")) {
                throw new PromptSourceException("the topic is missing");
            }
            sent.addAll(prompts);
        };
        OpenAiTap tap = OpenAiTap.start(TapSettings.onPort(0, "python").withLimits(1, 1000), failing);
        try (tap) {
            post(tap, COMPLETION, "{\"prompt\": \"bad\"}");
            while (tap.counts().lost() == 0) {
                Thread.onSpinWait();
            }
            post(tap, COMPLETION, "{\"prompt\": \"good\"}");
        }
        assertThat(tap.counts()).isEqualTo(new OpenAiTap.Counts(2, 0, 1, 1));
    }

    @Test
    void aPortInUseIsOneSentence() {
        try (OpenAiTap tap = tap()) {
            assertThatThrownBy(() ->
                            OpenAiTap.start(TapSettings.onPort(tap.address().getPort(), "python"), sent::addAll))
                    .isInstanceOf(PromptSourceException.class)
                    .hasMessageContaining("port " + tap.address().getPort());
        }
    }

    private OpenAiTap tap() {
        return OpenAiTap.start(TapSettings.onPort(0, "python"), sent::addAll);
    }

    private Prompt next() throws InterruptedException {
        Prompt prompt = sent.poll(60, TimeUnit.SECONDS);
        assertThat(prompt).as("a prompt that was sent").isNotNull();
        return prompt;
    }

    private HttpResponse<String> post(OpenAiTap tap, String path, String body, String... headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(tap.address().resolve(path)).POST(HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
