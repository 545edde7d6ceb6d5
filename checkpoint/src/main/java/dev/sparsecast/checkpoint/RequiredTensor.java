package dev.sparsecast.checkpoint;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor that a model cannot do without.
 *
 * @param name its name
 * @param shape its shape
 */
record RequiredTensor(String name, List<Long> shape) {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String HEAD = "lm_head.weight";

    /** The shape of the language-model head, which only models without tied embeddings need. */
    static RequiredTensor head(ModelConfig config) {
        return new RequiredTensor(HEAD, List.of((long) config.vocabularySize(), (long) config.hiddenSize()));
    }

    /** Every tensor that a model of this configuration needs. */
    static List<RequiredTensor> of(ModelConfig config) {
        List<RequiredTensor> required = new ArrayList<>();
        List<Long> norm = List.of((long) config.hiddenSize());
        required.add(new RequiredTensor(EMBEDDING, head(config).shape()));
        for (int layer = 0; layer < config.layers(); layer++) {
            required.add(new RequiredTensor("model.layers." + layer + ".input_layernorm.weight", norm));
            required.add(new RequiredTensor("model.layers." + layer + ".post_attention_layernorm.weight", norm));
        }
        for (PrunableModule module : PrunableModule.of(config)) {
            required.add(new RequiredTensor(module.weight(), List.of((long) module.rows(), (long) module.columns())));
        }
        required.add(new RequiredTensor("model.norm.weight", norm));
        if (!config.tiedEmbeddings()) {
            required.add(head(config));
        }
        return required;
    }
}
