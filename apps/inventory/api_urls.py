"""REST routes of the inventory."""

from django.urls import include, path

from apps.inventory import api
from apps.inventory.portfolio import api as portfolio

urlpatterns = [
    path("inventory", api.InventoryList.as_view(), name="api-inventory"),
    path("inventory/<uuid:pk>", api.InventoryDetail.as_view(), name="api-item"),
    path("inventory/", include("apps.inventory.exchange.api_urls")),
    path("portfolio", portfolio.PortfolioSums.as_view(), name="api-portfolio"),
    path("portfolio/history", portfolio.PortfolioHistory.as_view(), name="api-portfolio-history"),
    path("portfolio/holdings", portfolio.PortfolioHoldings.as_view(), name="api-portfolio-holdings"),
    path("portfolio/allocation", portfolio.PortfolioAllocation.as_view(), name="api-portfolio-allocation"),
    path("portfolio/movers", portfolio.PortfolioMovers.as_view(), name="api-portfolio-movers"),
]
