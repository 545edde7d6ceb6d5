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
            String block = "model.layers." + layer + ".";
            required.add(new RequiredTensor(block + "input_layernorm.weight", norm));
            required.add(new RequiredTensor(block + "post_attention_layernorm.weight", norm));
            if (config.traits().headNorms()) {
                List<Long> headNorm = List.of((long) config.headDim());
                required.add(new RequiredTensor(block + "self_attn.q_norm.weight", headNorm));
                required.add(new RequiredTensor(block + "self_attn.k_norm.weight", headNorm));
            }
        }
        for (PrunableModule module : PrunableModule.of(config)) {
            required.add(new RequiredTensor(module.weight(), List.of((long) module.rows(), (long) module.columns())));
            if (module.hasBias(config.traits())) {
                required.add(new RequiredTensor(module.bias(), List.of((long) module.rows())));
            }
        }
        required.add(new RequiredTensor("model.norm.weight", norm));
        if (!config.tiedEmbeddings()) {
            required.add(head(config));
        }
        return required;
    }
}
