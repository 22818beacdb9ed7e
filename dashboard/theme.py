"""How the dashboard looks: one dark and one light theme, with a palette safe for colour blindness.

The chart colours are those of Okabe and Ito (2008), in the order that keeps neighbours apart.
"""

OKABE_ITO_DARK = ["#56B4E9", "#E69F00", "#2FBF92", "#CC79A7", "#F0E442", "#E8743B", "#9AA5B1"]
"""Vermillion and green are a little lighter than the originals, to be seen on a dark ground."""
OKABE_ITO_LIGHT = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#5F6B78"]

STYLE = """
<style>
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"] {
  background: #96580A; border-color: #96580A; color: #FFFFFF; }
[data-testid="stCaptionContainer"] { opacity: .85; }
[data-testid="stCaptionContainer"] code { color: inherit; }
</style>
"""
"""The main button of a page, where white on the dark theme's orange could hardly be read, and
captions, which are so pale that badges and code in them could not be read either."""

_DARK: dict[str, object] = {
    "primaryColor": "#E69F00",
    "backgroundColor": "#14171C",
    "secondaryBackgroundColor": "#1D2229",
    "textColor": "#E6E8EB",
    "borderColor": "#2E353F",
    "linkColor": "#56B4E9",
    "codeTextColor": "#F2C14E",
    "orangeTextColor": "#FFC27A",
    "greenTextColor": "#7BE3B0",
    "redTextColor": "#FFA8A0",
    "dataframeHeaderBackgroundColor": "#1D2229",
    "chartCategoricalColors": OKABE_ITO_DARK,
}
_LIGHT: dict[str, object] = {
    "primaryColor": "#945600",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F3F5F7",
    "textColor": "#10151B",
    "borderColor": "#D5DAE0",
    "linkColor": "#0072B2",
    "codeTextColor": "#8A5200",
    "orangeTextColor": "#8A4300",
    "greenTextColor": "#0B6138",
    "redTextColor": "#A11A1A",
    "dataframeHeaderBackgroundColor": "#F3F5F7",
    "chartCategoricalColors": OKABE_ITO_LIGHT,
}
_BOTH: dict[str, object] = {
    "baseFontSize": 15,
    "baseRadius": "0.4rem",
    "paddingTop": "1.6rem",
    "paddingBottom": "2rem",
    "headingFontSizes": ["1.75rem", "1.3rem", "1.1rem", "1rem", "0.9rem", "0.85rem"],
    "metricValueFontSize": "1.35rem",
    "codeFontSize": "0.85rem",
}


def theme_options() -> dict[str, object]:
    """The theme as Streamlit's configuration options, by their dotted names."""
    return (
        {f"theme.{name}": value for name, value in _BOTH.items()}
        | {f"theme.dark.{name}": value for name, value in _DARK.items()}
        | {f"theme.light.{name}": value for name, value in _LIGHT.items()}
    )
