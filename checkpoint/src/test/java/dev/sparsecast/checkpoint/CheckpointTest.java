package dev.sparsecast.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CheckpointTest {
    @Test
    void readsTheBundledModel() {
        try (Checkpoint checkpoint = Checkpoint.open(BundledFiles.tinyCoder())) {
            assertThat(checkpoint.config())
                    .isEqualTo(
                            new ModelConfig("LlamaForCausalLM", 192, 512, 6, 6, 2, 32, 4096, 256, 1e-5, 10_000, true));
            assertThat(checkpoint.digest())
                    .isEqualTo("sha256:af3bd80f02cc1ec813584ef9cafa93824f87484b841ca92cf2becedf806d0cd2");
            assertThat(checkpoint.tokenizer().encode("x")).hasSize(1);
        }
    }
}
