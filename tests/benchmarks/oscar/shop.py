"""A shop of django-oscar to compare with: its stock apps, views and templates on PostgreSQL and Whoosh, with a made catalogue.

Run by a Python that has django-oscar and Whoosh, from this folder; the sandbox of its repository is not in its package, so
the settings follow its guide "Building your own shop".

    DATABASE_URL=... WHOOSH=folder python shop.py PRODUCTS    migrate, fill, index; prints one product's path a line
    DATABASE_URL=... WHOOSH=folder uvicorn shop:application
"""

import os
import random
import sys

import django
from django.conf import settings
from django.urls import include, path
from psycopg.conninfo import conninfo_to_dict

FIRST = [
    "Ember",
    "Tide",
    "Storm",
    "Gloom",
    "Frost",
    "Iron",
    "Jade",
    "Lunar",
    "Solar",
    "Thorn",
    "Dusk",
    "Dawn",
    "Coral",
    "Sable",
]
SECOND = [
    "Drake",
    "Warden",
    "Leviathan",
    "Sphinx",
    "Golem",
    "Griffin",
    "Hydra",
    "Kraken",
    "Lynx",
    "Serpent",
    "Paladin",
    "Titan",
]
THIRD = [
    "Elder",
    "Young",
    "Ancient",
    "Radiant",
    "Shadow",
    "Crystal",
    "Feral",
    "Silent",
    "Burning",
    "Sunken",
    "Hollow",
    "Wild",
]

# fmt: off
_APPS = [
    "config.Shop", "apps.analytics.apps.AnalyticsConfig", "apps.checkout.apps.CheckoutConfig",
    "apps.address.apps.AddressConfig", "apps.shipping.apps.ShippingConfig", "apps.catalogue.apps.CatalogueConfig",
    "apps.catalogue.reviews.apps.CatalogueReviewsConfig", "apps.communication.apps.CommunicationConfig",
    "apps.partner.apps.PartnerConfig", "apps.basket.apps.BasketConfig", "apps.payment.apps.PaymentConfig",
    "apps.offer.apps.OfferConfig", "apps.order.apps.OrderConfig", "apps.customer.apps.CustomerConfig",
    "apps.search.apps.SearchConfig", "apps.voucher.apps.VoucherConfig", "apps.wishlists.apps.WishlistsConfig",
    "apps.dashboard.apps.DashboardConfig", "apps.dashboard.reports.apps.ReportsDashboardConfig",
    "apps.dashboard.users.apps.UsersDashboardConfig", "apps.dashboard.orders.apps.OrdersDashboardConfig",
    "apps.dashboard.catalogue.apps.CatalogueDashboardConfig", "apps.dashboard.offers.apps.OffersDashboardConfig",
    "apps.dashboard.partners.apps.PartnersDashboardConfig", "apps.dashboard.pages.apps.PagesDashboardConfig",
    "apps.dashboard.ranges.apps.RangesDashboardConfig", "apps.dashboard.reviews.apps.ReviewsDashboardConfig",
    "apps.dashboard.vouchers.apps.VouchersDashboardConfig",
    "apps.dashboard.communications.apps.CommunicationsDashboardConfig", "apps.dashboard.shipping.apps.ShippingDashboardConfig",
]
# fmt: on


def configure() -> None:
    """Django with the stock apps of django-oscar, as in production: no debugging, cached templates."""
    from oscar import defaults

    own = {name: getattr(defaults, name) for name in dir(defaults) if name.startswith("OSCAR_")}
    place = conninfo_to_dict(os.environ["DATABASE_URL"])
    settings.configure(
        **own,
        SECRET_KEY="a shop for an hour",
        DEBUG=False,
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        SITE_ID=1,
        USE_TZ=True,
        STATIC_URL="/static/",
        MEDIA_URL="/media/",
        MEDIA_ROOT=os.environ["WHOOSH"] + "-media",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": "oscar",
                "USER": place.get("user", ""),
                "PASSWORD": place.get("password", ""),
                "HOST": place.get("host", ""),
                "PORT": place.get("port", ""),
                "ATOMIC_REQUESTS": True,
                "CONN_MAX_AGE": None,
            }
        },
        HAYSTACK_CONNECTIONS={
            "default": {"ENGINE": "haystack.backends.whoosh_backend.WhooshEngine", "PATH": os.environ["WHOOSH"]}
        },
        INSTALLED_APPS=[
            *(
                f"django.contrib.{name}"
                for name in ["auth", "contenttypes", "sessions", "sites", "messages", "staticfiles", "flatpages"]
            ),
            *("oscar." + name for name in _APPS),
            *("widget_tweaks", "haystack", "treebeard", "django_tables2", "sorl.thumbnail"),
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
            "oscar.apps.basket.middleware.BasketMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "oscar.apps.search.context_processors.search_form",
                        "oscar.apps.checkout.context_processors.checkout",
                        "oscar.apps.communication.notifications.context_processors.notifications",
                        "oscar.core.context_processors.metadata",
                    ]
                },
            }
        ],
        AUTHENTICATION_BACKENDS=["oscar.apps.customer.auth_backends.EmailBackend"],
    )
    django.setup()


def fill(products: int) -> list[str]:
    """A catalogue of that many stand-alone products with stock, in 20 categories, indexed; paths of some."""
    from django.core.management import call_command
    from oscar.apps.catalogue.categories import create_from_breadcrumbs
    from oscar.core.loading import get_model

    call_command("migrate", verbosity=0)
    os.makedirs(settings.MEDIA_ROOT, exist_ok=True)
    models = [("catalogue", "Product"), ("catalogue", "ProductClass"), ("catalogue", "ProductCategory")]
    product, kind, placed = (get_model(*name) for name in models)
    partner, stock = get_model("partner", "Partner"), get_model("partner", "StockRecord")
    rng = random.Random(1)
    cards = kind.objects.create(name="Card", track_stock=True)
    seller = partner.objects.create(name="Seller")
    categories = [create_from_breadcrumbs(f"Game {n}") for n in range(20)]
    made = product.objects.bulk_create(
        [
            product(
                title=f"{rng.choice(THIRD)} {rng.choice(FIRST)} {rng.choice(SECOND)} {n}",
                slug=f"card-{n}",
                upc=str(n),
                product_class=cards,
                structure="standalone",
            )
            for n in range(products)
        ],
        batch_size=2000,
    )
    placed.objects.bulk_create([placed(product=one, category=rng.choice(categories)) for one in made], batch_size=2000)
    stock.objects.bulk_create(
        [
            stock(
                product=one, partner=seller, partner_sku=one.upc, price=rng.randrange(50, 40000) / 100, num_in_stock=3
            )
            for one in made
        ],
        batch_size=2000,
    )
    call_command("rebuild_index", interactive=False, verbosity=0)
    return [one.get_absolute_url() for one in rng.sample(made, min(500, len(made)))]


def empty(request):
    """The empty view of this Django."""
    from django.http import HttpResponse

    return HttpResponse("ok")


configure()

from django.apps import apps  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402

urlpatterns = [path("healthz", empty), path("", include(apps.get_app_config("oscar").urls[0]))]
application = get_asgi_application()

if __name__ == "__main__":
    print("\n".join(fill(int(sys.argv[1]))))
