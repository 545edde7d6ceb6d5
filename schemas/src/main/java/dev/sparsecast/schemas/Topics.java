package dev.sparsecast.schemas;

/** The names of the topics. */
public final class Topics {
    public static final String ACTIVATION_NORMS = "activation-norms";
    public static final String ACTIVATION_STATISTICS = "activation-statistics";
    public static final String ACTIVATION_DRIFT = "activation-drift";
    public static final String SUBMODEL_RELEASES = "submodel-releases";
    public static final String SUBMODEL_DEPLOYMENTS = "submodel-deployments";
    public static final String SUBMODEL_COMMANDS = "submodel-commands";
    public static final String SUBMODEL_DECISIONS = "submodel-decisions";
    public static final String PROMPTS_PREFIX = "prompts.";
    public static final String DEAD_LETTERS_PREFIX = "dead-letters.";

    private Topics() {}

    /** The topic of the prompts of a language. */
    public static String prompts(String language) {
        return PROMPTS_PREFIX + Names.label("language", language);
    }

    /** Where records of a topic go that cannot be processed. */
    public static String deadLetters(String topic) {
        return DEAD_LETTERS_PREFIX + topic;
    }
}
