"""The words of the pages, each in a sentence: one source for them and for the documentation."""

from __future__ import annotations

WORDS = {
    "audit": "The judges of a run that no search has seen; their verdict alone is counted. "
    "genenv audit RUN is the other audit: a person who looks.",
    "base space": "Where searches move: vectors e of standard-normal coordinates, from which every "
    "noise is made, so that near and likely mean the same for continuous and discrete noise.",
    "budget": "How many queries to the model under test a search may spend; all searches get the "
    "same.",
    "condition": "The class that a sample was made for; also its label.",
    "distinct": "Of confirmed failures, those that lie farther from each other than real rows of a "
    "class from their nearest neighbours.",
    "energy": "½‖e‖², how unlikely a base vector is; the generator often makes what has little.",
    "flip": "A generated sample on which the model says another class than the condition. Other "
    "tools call it a failure or a misbehaviour; here the audit has yet to confirm it.",
    "guide": "Judges that a search may see, so that it looks among realistic samples; they are "
    "other networks than the audit's, and learn from the same rows.",
    "mode": "A group of distinct failures that look alike and are confused alike.",
    "seat": "The place of an agent in the game: adversary, generator, discriminator or teacher. "
    "Each is a Gymnasium environment.",
    "severity": "By how much the model is wrong, log p(best other class) - log p(label) in nats; "
    "above 0 it failed.",
    "verdict": "What the audit says of a flip: invalid (no instance of anything), ambiguous "
    "(realistic, but its label is in doubt) or confirmed (realistic, and its label stands).",
}
