"""How the moderators' admin looks: django-unfold's own settings, in the colours of the site."""

from django.templatetags.static import static

UNFOLD = {
    "SITE_TITLE": "CardVault moderation",
    "SITE_HEADER": "CardVault",
    "SITE_SUBHEADER": "Moderation",
    "SITE_SYMBOL": "style",
    "STYLES": [lambda request: static("css/admin.css")],
    "SIDEBAR": {"show_all_applications": True, "navigation": "apps.moderation.navigation.sidebar"},
    "COLORS": {
        "primary": {
            "50": "oklch(97% 0.02 166)", "100": "oklch(94% 0.04 166)", "200": "oklch(88% 0.07 166)",
            "300": "oklch(80% 0.09 166)", "400": "oklch(70% 0.1 166)", "500": "oklch(58% 0.1 166)",
            "600": "oklch(48% 0.09 166)", "700": "oklch(42% 0.08 166)", "800": "oklch(36% 0.07 166)",
            "900": "oklch(30% 0.06 166)", "950": "oklch(22% 0.04 166)",
        },
        "base": {
            "50": "oklch(97.6% 0.003 165)", "100": "oklch(95.6% 0.004 165)", "200": "oklch(90.5% 0.006 165)",
            "300": "oklch(84% 0.008 165)", "400": "oklch(70% 0.012 165)", "500": "oklch(51% 0.014 170)",
            "600": "oklch(42% 0.015 175)", "700": "oklch(35% 0.014 175)", "800": "oklch(28% 0.013 175)",
            "900": "oklch(20% 0.011 175)", "950": "oklch(14.5% 0.009 175)",
        },
    },
}  # fmt: skip
