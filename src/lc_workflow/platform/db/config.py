"""The engine and the sessions, as the settings ask for them."""

from advanced_alchemy.extensions.litestar import AsyncSessionConfig, EngineConfig, SQLAlchemyAsyncConfig

from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.base import Row


def alchemy_config(settings: Settings) -> SQLAlchemyAsyncConfig:
    """Describe the one engine of this process; the plugin opens and closes it."""
    return SQLAlchemyAsyncConfig(
        connection_string=settings.database_url.render_as_string(hide_password=False),
        engine_config=EngineConfig(
            pool_size=settings.pool_size,
            max_overflow=settings.pool_overflow,
            pool_pre_ping=settings.pool_pre_ping,
            pool_timeout=10,
            pool_recycle=1800,
            connect_args={"timeout": 5, "server_settings": {"application_name": "lc-workflow", "timezone": "UTC"}},
        ),
        session_config=AsyncSessionConfig(expire_on_commit=False),
        metadata=Row.metadata,
        create_all=False,
        set_default_exception_handler=False,
    )
